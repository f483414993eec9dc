import type { Chain } from "../chain/chain.ts";
import { noChunk, returnedByEnd, returnedByStage } from "../chain/fault.ts";
import type { Tap } from "../chain/meter.ts";
import { isPromise } from "../chain/is-promise.ts";
import { Parts } from "../chain/parts.ts";
import type { OperatorsHost, RunningOperators } from "./running-operators.ts";

/** Operators that are all `each` and `carry`: one composed function, and what it waits for. */
export class ComposedOperators implements RunningOperators {
  /** Whether they wait for a promise. */
  busy = false;
  #completing = false;
  #stopped = false;

  constructor(
    private readonly chain: Chain,
    private readonly host: OperatorsHost,
  ) {}

  get patient(): boolean {
    return false;
  }

  get clear(): boolean {
    return true;
  }

  get heard(): boolean {
    return true;
  }

  get holding(): number {
    return 0;
  }

  get last(): undefined {
    return undefined;
  }

  start(): void {
    try {
      this.chain.begin();
    } catch (error) {
      this.#failed(error);
    }
  }

  watch(tap: Tap | undefined): void {
    this.chain.watch(tap);
  }

  push(chunk: Buffer): boolean {
    let result: unknown;
    try {
      result = this.chain.run(chunk);
    } catch (error) {
      this.#failed(error);
      return false;
    }
    if (result instanceof Uint8Array) return this.host.write(result as Buffer);
    if (result === null) return true;
    if (isPromise(result)) return this.#await(result);
    if (result instanceof Parts) return this.#part(result);
    this.#failed(noChunk(result, returnedByStage));
    return false;
  }

  complete(): void {
    if (this.busy) this.#completing = true;
    else this.#finish();
  }

  hurry(): void {
    // A promise is waited for.
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A lent chunk must not be reused while the promise is pending; with an owned chunk the source may deliver the next, unless the sink is full. */
  #await(result: PromiseLike<unknown>): boolean {
    const { host } = this;
    this.busy = true;
    host.loan.keep(1);
    result.then(
      (settled) => {
        this.busy = false;
        host.loan.keep(-1);
        if (!this.#stopped) this.#settled(settled);
      },
      (error: unknown) => {
        host.loan.keep(-1);
        this.#failed(error);
      },
    );
    return (!host.lends && host.clear) || host.pause();
  }

  /** The part that is there goes on, and the rest is waited for. */
  #part({ now, later }: Parts): boolean {
    if (now instanceof Uint8Array) this.host.write(now as Buffer);
    else if (now !== null) {
      this.#failed(noChunk(now, returnedByStage));
      return false;
    }
    return this.#stopped || this.#await(later);
  }

  #settled(result: unknown): void {
    if (result instanceof Parts) {
      this.#part(result);
      return;
    }
    if (result instanceof Uint8Array) this.host.write(result as Buffer);
    else if (result !== null) {
      this.#failed(noChunk(result, returnedByStage));
      return;
    }
    if (this.#completing) this.#finish();
    else this.host.loosened();
  }

  /** What stages with a state still hold is written first. */
  #finish(): void {
    try {
      const waiting = this.chain.finish((chunk) => {
        this.#emit(chunk);
      });
      if (isPromise(waiting)) this.#finishLater(waiting);
      else this.host.operatorsCompleted();
    } catch (error) {
      this.#failed(error);
    }
  }

  #finishLater(waiting: PromiseLike<void>): void {
    this.busy = true;
    waiting.then(
      () => {
        this.busy = false;
        if (!this.#stopped) this.host.operatorsCompleted();
      },
      (error: unknown) => {
        this.#failed(error);
      },
    );
  }

  #emit(chunk: unknown): void {
    if (this.#stopped) return;
    if (!(chunk instanceof Uint8Array)) throw noChunk(chunk, returnedByEnd);
    this.host.write(chunk as Buffer);
  }

  #failed(error: unknown): void {
    if (!this.#stopped) this.host.operatorsFailed(error, this.chain.blame);
  }
}
