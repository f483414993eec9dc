import type { Observable } from "rxjs";
import type { Chain } from "../chain/chain.ts";
import type { Emit, Stateful } from "../chain/stateful.ts";
import { EachObservable } from "../operators/each.ts";
import { isAnswer, noChunk, returnedByStage } from "../chain/fault.ts";
import { isPromise } from "../chain/is-promise.ts";
import { Parts } from "../chain/parts.ts";

/** The stages of one plugin with onError "bypass", composed into one stage that is bypassed for good once it has thrown. */
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
  readonly bound = undefined;
  #off = false;

  constructor(
    private readonly chain: Chain,
    private readonly failed: (error: unknown) => void,
  ) {}

  readonly run = (chunk: Buffer): unknown => {
    if (this.#off) return chunk;
    try {
      const result = this.chain.run(chunk);
      if (!isPromise(result)) return this.#passed(chunk, result);
      return Promise.resolve(result).then(
        (settled) => this.#passed(chunk, settled),
        (error: unknown) => this.#giveUp(chunk, error),
      );
    } catch (error) {
      return this.#giveUp(chunk, error);
    }
  };

  #passed(chunk: Buffer | undefined, result: unknown): Buffer | Parts | null {
    return result instanceof Parts ? this.#guarded(result) : this.#checked(chunk, result);
  }

  /** The part that has gone on is done: the state of the stage holds the rest, and only what comes after it bypasses the stage. */
  #guarded({ now, later }: Parts): Parts {
    const rest = later.then(
      (settled) => this.#passed(undefined, settled),
      (error: unknown) => this.#giveUp(undefined, error),
    );
    return new Parts(this.#checked(undefined, now), rest);
  }

  waits(work: () => void): boolean {
    return this.chain.waits(work);
  }

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

  #checked(chunk: Buffer | undefined, result: unknown): Buffer | null {
    return result === null || result instanceof Uint8Array
      ? (result as Buffer | null)
      : this.#giveUp(chunk, noChunk(result, returnedByStage));
  }

  /** What its stages held came before the chunk that failed, so it goes first. */
  #giveUp(chunk: Buffer | undefined, error: unknown): Buffer | null {
    const held = this.#stepAside(error);
    if (chunk !== undefined) held.push(chunk);
    return held.length > 1 ? Buffer.concat(held) : (held[0] ?? null);
  }

  #stepAside(error: unknown): Buffer[] {
    if (isAnswer(error)) throw error;
    if (this.#off) return [];
    this.#off = true;
    this.failed(error);
    try {
      return this.chain.abandon();
    } catch {
      // The error is of code that has failed already: reported above.
      return [];
    }
  }
}
