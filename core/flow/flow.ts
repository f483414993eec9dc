import type { Subscription } from "rxjs";
import { SluiceError, type Leg, type LegReader, type Limits, type Session } from "../contract/index.ts";
import { isPromise, type Chain } from "./chain.ts";
import { blameOf, faultOf } from "./fault.ts";
import { within, type HoldTarget } from "./hold.ts";
import { buildOperators, type ByteHook } from "./operators.ts";
import { Retained } from "./retained.ts";
import type { Root } from "./root.ts";
import { SinkSubscriber } from "./sink-subscriber.ts";

/** Whom a flow belongs to: its session. */
export interface FlowOwner {
  readonly session: Session;
  readonly limits: Limits;
  /** FIN has been passed on. */
  flowEnded(): void;
  /** The new operators are in place. */
  flowSwapped(): void;
  /** The session cannot go on. */
  flowFailed(error: SluiceError): void;
  /** A plugin failed in a hook; with onError "close", `flowFailed` follows. */
  flowFault(plugin: string, error: SluiceError): void;
  flowWarning(message: string): void;
  /** Datagrams were dropped because operators hold `limits.bufferPerFlow` bytes. */
  flowDropped(datagrams: number): void;
}

/**
 * One direction of a session:
 *
 *     source leg ──data()──▶ queue ──▶ operators ──▶ sink leg
 *          ▲                                            │
 *          └─────────── resume() when clear ◀──onDrain──┘
 *
 * The queue is empty unless the operators wait for a promise or are being swapped. Chunks leave in the order in which they came, each
 * exactly once. The source is stopped (`data` returns false) while the sink is full, the operators hold too much, or a chunk is queued.
 */
export class Flow implements LegReader, HoldTarget {
  /** What arrived, before any plugin. */
  bytes = 0;
  chunks = 0;
  #chain: Chain | undefined;
  #root: Root | undefined;
  #subscription: Subscription | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  /** Operators work on a promise (composed operators only). */
  #busy = false;
  /** Hooks to swap to, while the old operators flush. */
  #next: readonly ByteHook[] | undefined;
  #swapTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #full = false;
  #tight = 0;
  #held = 0;
  #retained: Retained | undefined;
  /** The source has ended; `#done`: nothing more can reach the sink. */
  #ended = false;
  #done = false;
  #turns = 0;

  constructor(
    private readonly source: Leg,
    private readonly sink: Leg,
    private readonly owner: FlowOwner,
    hooks: readonly ByteHook[],
  ) {
    sink.onDrain = () => {
      this.#full = false;
      this.#continue();
    };
    this.#install(hooks);
  }

  /** Begins to read the source. */
  start(): void {
    if (!this.#done) this.source.read(this);
  }

  /** Frees what the operators hold; nothing is passed on from now. */
  stop(): void {
    this.#done = true;
    this.#queue = [];
    clearTimeout(this.#swapTimer);
    this.#retained?.stop();
    this.#subscription?.unsubscribe();
  }

  /**
   * Replaces the operators: the input of the old ones completes, they flush, the new ones see the next byte. The newest call wins.
   * Operators that do not complete within `limits.swapTimeout` end the session with SLUICE_SWAP_TIMEOUT.
   */
  swap(hooks: readonly ByteHook[]): void {
    if (this.#done || (this.#ended && this.#root !== undefined)) return;
    const already = this.swapping;
    this.#next = hooks;
    if (already) return;
    if (this.#root === undefined && !this.#busy) return void this.#replaceOld();
    this.#swapTimer = setTimeout(() => {
      this.#fail(new SluiceError("SLUICE_SWAP_TIMEOUT", "the old operators did not complete"), undefined);
    }, this.owner.limits.swapTimeout);
    if (!this.#busy) this.#flushOld();
  }

  get swapping(): boolean {
    return this.#next !== undefined;
  }

  data(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    this.chunks += 1;
    if (this.#busy || this.#next !== undefined || this.#queue.length > 0) return this.#enqueue(chunk);
    return this.#pass(chunk);
  }

  end(): void {
    this.#ended = true;
    this.#continue();
  }

  failed(error: SluiceError): void {
    this.owner.flowFailed(error);
  }

  held(bytes: number, tight: number): void {
    this.#held += bytes;
    this.#tight += tight;
    if (bytes < 0) this.#continue();
  }

  turn(emit: () => void): void {
    this.#turns += 1;
    try {
      emit();
    } finally {
      this.#turns -= 1;
    }
  }

  #install(hooks: readonly ByteHook[]): void {
    this.#chain = undefined;
    this.#root = undefined;
    this.#subscription = undefined;
    this.source.lend = this.sink.borrows && allBorrow(hooks);
    if (hooks.length === 0) return;
    try {
      const built = buildOperators(hooks, this.owner);
      this.#chain = built.chain;
      if (built.chain === undefined) within(this, () => {
        this.#subscribe(built);
      });
    } catch (error) {
      this.#fail(error, undefined);
    }
  }

  #subscribe({ root, output, raw }: ReturnType<typeof buildOperators>): void {
    this.#root = root;
    const noticed = (): void => {
      this.owner.flowWarning(`asynchronous RxJS operators in ${raw.join(" or ")}: the operators of sluice/flow pause the source, these are only bounded`);
    };
    this.#retained = new Retained(this.owner.limits.bufferPerFlow, () => { this.#continue(); }, noticed);
    const sink = new SinkSubscriber(
      (chunk) => {
        this.#emit(chunk);
      },
      (error) => {
        this.#fail(error, raw[0]);
      },
      () => {
        if (this.#next === undefined) this.#finish();
        else this.#replaceOld();
      },
    );
    this.#subscription = sink;
    output.subscribe(sink);
  }

  /** One chunk through the operators to the sink. Returns whether the source may go on. */
  #pass(chunk: Buffer): boolean {
    if (this.#done) return true;
    if (this.#chain === undefined) return this.#root === undefined ? this.#write(chunk) : this.#push(this.#root, chunk);
    let result: unknown;
    try {
      result = this.#chain.run(chunk);
    } catch (error) {
      this.#fail(error, this.#chain.blame);
      return false;
    }
    if (result === null) return true;
    if (result instanceof Uint8Array) return this.#write(result as Buffer);
    if (isPromise(result)) return this.#await(this.#chain, result);
    this.#fail(new SluiceError("SLUICE_PLUGIN_CHUNK", `a function given to each() returned ${typeof result}`), this.#chain.blame);
    return false;
  }

  #write(chunk: Buffer): boolean {
    if (this.sink.write(chunk)) return true;
    this.#full = true;
    this.#stopped = true;
    return false;
  }

  /** A lent chunk may not be reused while the promise lives; an owned one lets the source bring the next meanwhile. */
  #await(chain: Chain, result: PromiseLike<unknown>): boolean {
    this.#busy = true;
    result.then(
      (settled) => {
        this.#busy = false;
        if (this.#done) return;
        if (settled instanceof Uint8Array) this.#write(settled as Buffer);
        else if (settled !== null) return void this.#fail(new SluiceError("SLUICE_PLUGIN_CHUNK", `a promise in each() gave ${typeof settled}`), chain.blame);
        if (this.#next === undefined) this.#continue();
        else this.#flushOld();
      },
      (error: unknown) => {
        this.#fail(error, chain.blame);
      },
    );
    if (!this.source.lend) return true;
    this.#stopped = true;
    return false;
  }

  #push(root: Root, chunk: Buffer): boolean {
    const retained = this.#retained;
    if (this.source.datagrams && (retained?.full === true || this.#held >= this.owner.limits.bufferPerFlow)) {
      this.owner.flowDropped(1);
      return true;
    }
    retained?.took(chunk.length);
    this.#turns += 1;
    root.next(chunk);
    this.#turns -= 1;
    if (this.#isClear()) return true;
    this.#stopped = true;
    return false;
  }

  #emit(chunk: unknown): void {
    if (this.#done) return;
    if (!(chunk instanceof Uint8Array)) {
      this.#fail(new SluiceError("SLUICE_PLUGIN_CHUNK", `a byte hook emitted ${typeof chunk}`), undefined);
      return;
    }
    this.#retained?.gave(chunk.length, this.#turns > 0);
    this.#write(chunk as Buffer);
    if (this.#turns === 0) this.#continue();
  }

  #enqueue(chunk: Buffer): boolean {
    if (this.source.datagrams && this.#queued + chunk.length > this.owner.limits.bufferPerFlow) {
      this.owner.flowDropped(1);
      return true;
    }
    this.#queue.push(this.source.lend ? Buffer.from(chunk) : chunk);
    this.#queued += chunk.length;
    this.#stopped = true;
    return false;
  }

  #isClear(): boolean {
    return !this.#full && this.#tight === 0 && this.#held < this.owner.limits.bufferPerFlow && this.#retained?.full !== true;
  }

  /** Goes on after whatever stopped the flow: first what is queued, then FIN or the source's next chunk. */
  #continue(): void {
    while (this.#queue.length > 0 && !this.#busy && this.#next === undefined && this.#isClear()) {
      const chunk = this.#queue.shift() as Buffer;
      this.#queued -= chunk.length;
      this.#pass(chunk);
    }
    if (this.#queue.length > 0 || this.#busy || this.#next !== undefined || this.#done) return;
    if (this.#ended) this.#complete();
    else if (this.#stopped && this.#isClear()) {
      this.#stopped = false;
      this.source.resume();
    }
  }

  /** No more input: operators flush, then FIN goes on. */
  #complete(): void {
    if (this.#root === undefined) this.#finish();
    else this.turn(() => this.#root?.complete());
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#retained?.stop();
    this.sink.end();
    this.owner.flowEnded();
    // Operators may complete before the source does: what still comes is read and dropped, so that its FIN or reset is seen.
    if (!this.#ended && this.#stopped) this.source.resume();
  }

  #flushOld(): void {
    if (this.#root === undefined) this.#replaceOld();
    else this.turn(() => this.#root?.complete());
  }

  #replaceOld(): void {
    const hooks = this.#next ?? [];
    clearTimeout(this.#swapTimer);
    this.#retained?.stop();
    this.#subscription?.unsubscribe();
    this.#retained = undefined;
    this.#next = undefined;
    this.#install(hooks);
    this.owner.flowSwapped();
    this.#continue();
  }

  #fail(error: unknown, plugin: string | undefined): void {
    if (this.#done) return;
    const blame = blameOf(error) ?? plugin;
    const known = SluiceError.is(error) && error.source !== "plugin" ? error : undefined;
    const fault = known ?? faultOf(blame, error);
    this.stop();
    if (blame !== undefined && known === undefined) this.owner.flowFault(blame, fault);
    this.owner.flowFailed(fault);
  }
}

function allBorrow(hooks: readonly ByteHook[]): boolean {
  for (const { borrows } of hooks) if (!borrows) return false;
  return true;
}
