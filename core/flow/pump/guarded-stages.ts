import type { Observable } from "rxjs";
import type { Chain, Emit, Stateful } from "../chain/chain.ts";
import { EachObservable } from "../operators/each.ts";
import { isAnswer, noChunk } from "../chain/fault.ts";
import { isPromise } from "../chain/is-promise.ts";

/** The stages of one plugin with onError "bypass", composed to one that steps aside for good once it has thrown. */
export class GuardedStages extends EachObservable {
  /** @param failed called once */
  constructor(
    data: Observable<Buffer>,
    private readonly chain: Chain,
    private readonly failed: (error: unknown) => void,
  ) {
    super(data, new GuardedChain(chain, failed).run);
  }

  override stateful(): Stateful | undefined {
    return this.chain.hasState ? new GuardedChain(this.chain, this.failed) : undefined;
  }
}

class GuardedChain implements Stateful {
  #off = false;

  constructor(
    private readonly chain: Chain,
    private readonly failed: (error: unknown) => void,
  ) {}

  readonly run = (chunk: Buffer): Buffer | null | Promise<Buffer | null> => {
    if (this.#off) return chunk;
    try {
      const result = this.chain.run(chunk);
      if (!isPromise(result)) return this.#checked(chunk, result);
      return Promise.resolve(result).then(
        (settled) => this.#checked(chunk, settled),
        (error: unknown) => this.#giveUp(chunk, error),
      );
    } catch (error) {
      return this.#giveUp(chunk, error);
    }
  };

  begin(): void {
    try {
      this.chain.begin();
    } catch (error) {
      this.#stepAside(error);
    }
  }

  finish(emit: Emit): void | PromiseLike<void> {
    if (this.#off) return undefined;
    try {
      const waiting = this.chain.finish(emit);
      if (!isPromise(waiting)) return undefined;
      return Promise.resolve(waiting).catch((error: unknown) => {
        this.#emitHeld(error, emit);
      });
    } catch (error) {
      this.#emitHeld(error, emit);
      return undefined;
    }
  }

  #emitHeld(error: unknown, emit: Emit): void {
    for (const chunk of this.#stepAside(error)) void emit(chunk);
  }

  abandon(): Buffer[] {
    return this.#off ? [] : this.chain.abandon();
  }

  discard(): void {
    this.chain.discard();
  }

  #checked(chunk: Buffer, result: unknown): Buffer | null {
    return result === null || result instanceof Uint8Array ? (result as Buffer | null) : this.#giveUp(chunk, noChunk(result));
  }

  /** What its stages held came before the chunk that failed. */
  #giveUp(chunk: Buffer, error: unknown): Buffer {
    const held = this.#stepAside(error);
    return held.length === 0 ? chunk : Buffer.concat([...held, chunk]);
  }

  #stepAside(error: unknown): Buffer[] {
    if (isAnswer(error)) throw error;
    if (this.#off) return [];
    this.#off = true;
    this.failed(error);
    try {
      return this.chain.abandon();
    } catch {
      // Of code that has failed already: told above.
      return [];
    }
  }
}
