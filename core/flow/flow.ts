import { SluiceError, type Leg, type LegReader } from "../contract/index.ts";
import { isPromise, type Chain } from "./chain.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { blameOf, faultOf } from "./fault.ts";
import type { FlowOwner } from "./flow-owner.ts";
import { Loan } from "./loan.ts";
import { allBorrow, buildOperators, type ByteHook } from "./operators.ts";
import { patienceFor } from "./patience.ts";
import { RawOperators, type RawHost } from "./raw-operators.ts";
import { startSwapDeadline } from "./swap-deadline.ts";

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
export class Flow implements LegReader, RawHost {
  /** What arrived, before any plugin. */
  bytes = 0;
  chunks = 0;
  /** The operators: one composed function, or plain RxJS; neither where no plugin has the hook. */
  #chain: Chain | undefined;
  #raw: RawOperators | undefined;
  #queue: ChunkQueue | undefined;
  /** Composed operators wait for a promise. */
  #busy = false;
  /** Hooks to swap to, while the old operators flush. */
  #next: readonly ByteHook[] | undefined;
  #stopWaiting: (() => void) | undefined;
  #stopped = false;
  #full = false;
  /** What the source has lent. */
  readonly loan: Loan;
  /** The source has ended. */
  #ended = false;
  /** Nothing more can reach the sink. */
  #done = false;
  readonly #drained = (): void => {
    this.#full = false;
    this.loosened();
  };

  constructor(
    private readonly source: Leg,
    private readonly sink: Leg,
    readonly owner: FlowOwner,
    hooks: readonly ByteHook[],
  ) {
    this.loan = new Loan(sink);
    sink.gather = source.records;
    sink.onDrain = this.#drained;
    this.#install(hooks);
  }

  /** Begins to read the source, also when the operators have completed already: its FIN or reset must be seen. */
  start(): void {
    this.source.read(this);
  }

  /** Frees what the operators hold; nothing is passed on from now. */
  stop(): void {
    this.#done = true;
    this.#queue = undefined;
    this.#stopWaiting?.();
    this.#raw?.stop();
  }

  /**
   * Replaces the operators: the input of the old ones completes, they flush, the new ones see the next byte. The newest call wins.
   * Operators that do not complete within `limits.swapTimeout` end the session with SLUICE_SWAP_TIMEOUT.
   */
  swap(hooks: readonly ByteHook[]): void {
    if (this.#done || (this.#ended && this.#raw !== undefined)) return;
    const already = this.swapping;
    this.#next = hooks;
    if (already) return;
    if (this.#raw === undefined && !this.#busy) {
      this.#replaceOld();
      return;
    }
    this.#stopWaiting = startSwapDeadline(this.owner.limits.swapTimeout, (error) => {
      this.operatorsFailed(error, undefined);
    });
    if (!this.#busy) this.#raw?.complete();
  }

  /** Operators that were swapped out still work; those that flush before FIN are left to it by a swap. */
  get working(): boolean {
    return this.swapping || (this.#ended && this.#raw !== undefined && !this.#done);
  }

  get swapping(): boolean {
    return this.#next !== undefined;
  }

  get done(): boolean {
    return this.loan.isOver;
  }

  data(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    this.chunks += 1;
    if (!this.#done && (this.#queue !== undefined || this.#isWaiting())) return this.#enqueue(chunk);
    return this.#pass(chunk);
  }

  end(): void {
    this.#ended = true;
    this.loosened();
  }

  failed(error: SluiceError): void {
    // A plugin may stand in for the upstream.
    const plugin = blameOf(error);
    if (plugin !== undefined) this.owner.flowFault(plugin, error);
    this.owner.flowFailed(error);
  }

  emitted(chunk: unknown, expected: boolean): void {
    if (this.#done) return;
    if (chunk instanceof Uint8Array) this.#write(chunk as Buffer);
    else this.operatorsFailed(new SluiceError("SLUICE_PLUGIN_CHUNK", `a byte hook emitted ${typeof chunk}`), this.#raw?.last);
    if (!expected) this.loosened();
  }

  operatorsCompleted(): void {
    if (this.#next === undefined || this.#raw?.heard === false) this.#finish();
    else this.#replaceOld();
  }

  operatorsFailed(error: unknown, plugin: string | undefined): void {
    if (this.#done) return;
    const blame = blameOf(error) ?? plugin;
    const known = SluiceError.is(error) && error.source !== "plugin" ? error : undefined;
    const fault = known ?? faultOf(blame, error);
    this.stop();
    if (blame !== undefined && known === undefined) this.owner.flowFault(blame, fault);
    this.owner.flowFailed(fault);
  }

  warn(message: string): void {
    this.owner.flowWarning(message);
  }

  /** Goes on after whatever held the flow up: first what is queued, then FIN or the source's next chunk. */
  loosened(): void {
    while (this.#queue !== undefined && !this.#isWaiting() && this.#isClear()) this.#passQueued(this.#queue);
    if (this.#queue !== undefined || this.#isWaiting() || this.#done) return;
    if (this.#ended) this.#complete();
    else if (this.#stopped && this.#isClear()) {
      this.#stopped = false;
      this.source.resume();
    }
  }

  #passQueued(queue: ChunkQueue): void {
    const chunk = queue.shift();
    // Gone before the chunk passes: what comes meanwhile must find no queue, or find it busy.
    if (queue.isEmpty) this.#queue = undefined;
    if (chunk !== undefined) this.#pass(chunk);
  }

  #isWaiting(): boolean {
    return this.#busy || this.swapping || this.#raw?.listening === false;
  }

  #isClear(): boolean {
    return this.#done || (!this.#full && this.#raw?.clear !== false);
  }

  #install(hooks: readonly ByteHook[]): void {
    this.#chain = undefined;
    this.#raw = undefined;
    this.source.lend = this.sink.borrows && allBorrow(hooks);
    if (hooks.length === 0) return;
    try {
      const built = buildOperators(hooks, this.owner);
      if (built.keeps) this.source.lend = false;
      this.#chain = built.chain;
      if (built.chain !== undefined) return;
      this.#raw = new RawOperators(built, this, this.owner.limits.bufferPerFlow);
      this.#raw.start();
    } catch (error) {
      this.operatorsFailed(error, undefined);
    }
  }

  /** One chunk through the operators to the sink. Returns whether the source may go on. */
  #pass(chunk: Buffer): boolean {
    if (this.#done) return true;
    const chain = this.#chain;
    if (chain === undefined) return this.#raw === undefined ? this.#write(chunk) : this.#push(this.#raw, chunk);
    let result: unknown;
    try {
      result = chain.run(chunk);
    } catch (error) {
      this.operatorsFailed(error, chain.blame);
      return false;
    }
    if (result instanceof Uint8Array) return this.#write(result as Buffer);
    if (result === null) return true;
    if (isPromise(result)) return this.#await(chain, result);
    this.operatorsFailed(new SluiceError("SLUICE_PLUGIN_CHUNK", `a function given to each() returned ${typeof result}`), chain.blame);
    return false;
  }

  #write(chunk: Buffer): boolean {
    if (this.sink.write(chunk)) return true;
    if (this.sink.pending < patienceFor(this.source)) return true;
    this.#full = true;
    this.#stopped = true;
    return false;
  }

  #push(raw: RawOperators, chunk: Buffer): boolean {
    if (this.source.datagrams && raw.full) {
      this.owner.flowDropped(1);
      return true;
    }
    raw.push(chunk);
    if (this.#isClear()) return true;
    this.#stopped = true;
    return false;
  }

  /** A lent chunk may not be reused while the promise lives; an owned one lets the source bring the next, unless the sink is full. */
  #await(chain: Chain, result: PromiseLike<unknown>): boolean {
    this.#busy = true;
    this.loan.keep(1);
    result.then(
      (settled) => {
        this.#settled(chain, settled);
      },
      (error: unknown) => {
        this.loan.keep(-1);
        this.operatorsFailed(error, chain.blame);
      },
    );
    if (!this.source.lend && !this.#full) return true;
    this.#stopped = true;
    return false;
  }

  #settled(chain: Chain, result: unknown): void {
    this.#busy = false;
    this.loan.keep(-1);
    if (this.#done) return;
    if (result instanceof Uint8Array) this.#write(result as Buffer);
    else if (result !== null) {
      this.operatorsFailed(new SluiceError("SLUICE_PLUGIN_CHUNK", `a promise given by each() settled to ${typeof result}`), chain.blame);
      return;
    }
    if (this.#next === undefined) this.loosened();
    else this.#replaceOld();
  }

  #enqueue(chunk: Buffer): boolean {
    const queue = (this.#queue ??= new ChunkQueue());
    if (this.source.datagrams && queue.bytes + chunk.length > this.owner.limits.bufferPerFlow) {
      this.owner.flowDropped(1);
      return true;
    }
    queue.push(this.source.lend ? Buffer.from(chunk) : chunk);
    if (this.#raw?.listening === false && !this.#busy && !this.swapping && queue.bytes < this.owner.limits.bufferPerFlow) return true;
    this.#stopped = true;
    return false;
  }

  /** No more input: operators flush, then FIN goes on. */
  #complete(): void {
    if (this.#raw === undefined) this.#finish();
    else this.#raw.complete();
  }

  #finish(): void {
    if (this.#done) return;
    this.stop();
    this.#next = undefined;
    this.sink.end();
    this.owner.flowSwapped();
    // Operators may complete before the source does: what still comes is read and dropped, so that its FIN or reset is seen.
    if (!this.#ended && this.#stopped) this.source.resume();
  }

  #replaceOld(): void {
    const hooks = this.#next ?? [];
    this.#stopWaiting?.();
    this.#raw?.stop();
    this.#next = undefined;
    this.#install(hooks);
    this.owner.flowSwapped();
    this.loosened();
  }
}
