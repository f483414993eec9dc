import type { Leg, LegReader } from "../../contract/index.ts";
import { CarriedStates, type CarryHost } from "../operators/carried-states.ts";
import { Chain } from "../chain/chain.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { ComposedOperators } from "./composed-operators.ts";
import { blameOf, emittedByHook, faultOf, isAnswer, noChunk } from "../chain/fault.ts";
import { FlowControl } from "./flow-control.ts";
import { OwnedFlow } from "./owned-flow.ts";
import type { FlowOwner } from "./flow-owner.ts";
import { Loan } from "./loan.ts";
import { buildOperators, type ByteHook, type Operators } from "./operators.ts";
import { NextOperators } from "./next-operators.ts";
import { patienceFor } from "./patience.ts";
import { runOperators } from "./run-operators.ts";
import type { OperatorsHost, RunningOperators } from "./running-operators.ts";
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
export class Flow extends OwnedFlow implements LegReader, OperatorsHost, CarryHost {
  #loan: Loan | undefined;
  #operators: RunningOperators | undefined;
  #queue: ChunkQueue | undefined;
  #carried: CarriedStates | undefined;
  #control: FlowControl | undefined;
  #next: NextOperators | undefined;
  #stopWaiting: (() => void) | undefined;
  #full = false;
  /** The operators were notified of the end: they flush before FIN. */
  #ending = false;
  /** Nothing more can reach the sink. */
  over = false;
  /** How the flow was finished before its source ended: later data is dropped. */
  #early: "fin" | "reset" | undefined;

  /** @param hooks called at once; an exception ends the session. Or the operators that they made. */
  constructor(
    protected readonly source: Leg,
    private readonly sink: Leg,
    readonly owner: FlowOwner,
    hooks: readonly ByteHook[] | Operators,
  ) {
    super();
    sink.gather = source.records;
    sink.onDrain = undefined;
    try {
      const built = "root" in hooks ? hooks : hooks.length === 0 ? undefined : buildOperators(hooks, this, this);
      this.#install(built, runOperators(built, this, owner.limits.bufferPerFlow));
      this.#operators?.start();
    } catch (error) {
      this.operatorsFailed(error, undefined);
    }
  }

  /** Begins to read the source, also when the operators have completed already: its FIN or reset must be seen. */
  start(): void {
    this.source.read(this);
  }

  /** Ends as if the source had ended: operators flush, and may take their time. With `reset` the sink gets no FIN. */
  finish(how: "fin" | "reset"): void {
    if (this.#early !== undefined || this.over) return;
    this.#early = how;
    this.end();
    if (this.stopped) this.source.resume();
  }

  /** Frees what the operators hold; nothing is passed on from now. */
  stop(): void {
    this.over = true;
    this.#queue = undefined;
    this.#control?.stop();
    this.#stopWaiting?.();
    this.#operators?.stop();
    this.#next?.drop();
  }

  /**
   * Calls the hooks of the next operators; nothing is swapped yet.
   *
   * @returns undefined when the flow is past its last byte
   * @throws what a hook with onError "close" throws, also when its Observable is subscribed to, with its plugin noted
   */
  prepare(hooks: readonly ByteHook[]): NextOperators | undefined {
    if (this.over || this.#ending) return undefined;
    return new NextOperators(buildOperators(hooks, this, this), this, this.owner.limits.bufferPerFlow);
  }

  /**
   * Replaces the operators: the input of the old ones completes, they flush, the new ones see the next byte. The newest call wins.
   * Operators that do not complete within `limits.swapTimeout` end the session with SLUICE_SWAP_TIMEOUT; those that flush before FIN hurry.
   */
  swap(next: NextOperators | undefined): void {
    if (next === undefined || this.over || this.#ending) {
      next?.drop();
      this.#operators?.hurry();
      return;
    }
    const already = this.swapping;
    this.#expect(next);
    if (already) return;
    if (this.#operators === undefined) this.#replaceOld();
    else this.#operators.complete();
    if (!this.swapping) return;
    this.#stopWaiting = startSwapDeadline(this.owner.limits.swapTimeout, (error) => void this.operatorsFailed(error, undefined));
  }

  /** Whether old operators still work: they are being swapped out, or they flush before FIN, which a swap lets them do. */
  get working(): boolean {
    return this.swapping || (this.#ending && !this.over);
  }

  get swapping(): boolean {
    return this.#next !== undefined;
  }

  get done(): boolean {
    return this.loan.isOver;
  }

  get clear(): boolean {
    return this.over || (!this.#full && this.#operators?.clear !== false);
  }

  get waiting(): number {
    return (this.#queue?.bytes ?? 0) + (this.#operators?.holding ?? 0) + this.sink.pending;
  }

  /** The account of what the source has lent. */
  get loan(): Loan {
    return (this.#loan ??= new Loan(this.sink));
  }

  get carried(): CarriedStates {
    return (this.#carried ??= new CarriedStates());
  }

  get control(): FlowControl {
    return (this.#control ??= new FlowControl(this));
  }

  running(always: boolean): RunningOperators | undefined {
    if (always) this.#operators ??= new ComposedOperators(new Chain([]), this);
    return this.#operators;
  }

  /** Sends a chunk as if the source had sent it, also while it is held up. @returns whether it was sent */
  inject(chunk: Buffer): boolean {
    if (this.over || this.#ending) return false;
    if (this.swapping || this.#operators?.busy === true) this.#enqueue(chunk);
    else this.#pass(chunk);
    return true;
  }

  data(chunk: Buffer): boolean {
    this.received(chunk);
    if (this.#early !== undefined) return true;
    if (!this.over && (this.#queue !== undefined || this.#isWaiting())) return this.#enqueue(chunk);
    return this.#pass(chunk);
  }

  end(): void {
    this.sourceEnded();
    this.loosened();
  }

  write(chunk: Buffer): boolean {
    this.sent(chunk);
    if (this.sink.write(chunk) || this.sink.pending < patienceFor(this.source)) return true;
    this.#full = true;
    // Not before: most sinks are never full.
    this.sink.onDrain ??= this.#drained.bind(this);
    return this.pause();
  }

  #drained(): void {
    this.#full = false;
    this.loosened();
  }

  emitted(chunk: unknown, expected: boolean): void {
    if (this.over) return;
    if (chunk instanceof Uint8Array) this.write(chunk as Buffer);
    else this.operatorsFailed(noChunk(chunk, emittedByHook), this.#operators?.last);
    if (!expected) this.loosened();
  }

  leftOver(chunk: Buffer): void {
    if (!this.over) this.write(chunk);
  }

  operatorsCompleted(): void {
    if (this.#next === undefined || this.#operators?.heard === false) this.#finish();
    else this.#replaceOld();
  }

  operatorsFailed(error: unknown, plugin: string | undefined): void {
    if (this.over) return;
    const blame = blameOf(error) ?? plugin;
    const fault = faultOf(blame, error);
    this.stop();
    if (blame !== undefined && !isAnswer(error)) this.flowFault(blame, fault);
    this.owner.fail(fault);
  }

  /** Continues after whatever held the flow up: first what is queued, then FIN or the source's next chunk. */
  loosened(): void {
    while (this.#queue !== undefined && !this.#isWaiting() && this.clear) this.#passQueued(this.#queue);
    if (this.#queue !== undefined || this.#isWaiting() || this.over) return;
    if (this.sourceIsOver) this.#complete();
    else if (this.stopped && this.clear) {
      this.stopped = false;
      this.source.resume();
    }
  }

  #passQueued(queue: ChunkQueue): void {
    const chunk = queue.shift();
    // Removed before the chunk passes: data that comes meanwhile must find no queue, or a busy flow.
    if (queue.isEmpty) this.#queue = undefined;
    if (chunk !== undefined) this.#pass(chunk);
  }

  #isWaiting(): boolean {
    return this.swapping || this.#operators?.busy === true || this.#control?.held === true;
  }

  #expect(next: NextOperators): void {
    this.#next?.drop();
    this.#next = next;
    this.#carried?.expect(next.built.carries);
  }

  #install(built: Operators | undefined, running: RunningOperators | undefined): void {
    this.source.lend = this.sink.borrows && built?.borrows !== false && built?.keeps !== true;
    this.#operators = running;
    this.#control?.installed();
  }

  /** One chunk through the operators to the sink. Returns whether the source may go on. */
  #pass(chunk: Buffer): boolean {
    return this.over || (this.#operators === undefined ? this.write(chunk) : this.#operators.push(chunk));
  }

  #enqueue(chunk: Buffer): boolean {
    const queue = (this.#queue ??= new ChunkQueue());
    const { bufferPerFlow } = this.owner.limits;
    if (this.source.datagrams && queue.weight + chunk.length > bufferPerFlow) {
      this.owner.flowDropped(1);
      return true;
    }
    queue.push(this.source.lend ? Buffer.from(chunk) : chunk);
    return (this.#operators?.patient === true && !this.swapping && queue.weight < bufferPerFlow) || this.pause();
  }

  /** No more input: operators flush, then FIN goes on. */
  #complete(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#operators === undefined) this.#finish();
    else this.#operators.complete();
  }

  #finish(): void {
    if (this.over) return;
    this.#carried?.finish();
    this.stop();
    this.#next = undefined;
    if (this.#early !== "reset") this.endSink(this.sink);
    this.owner.flowSwapped();
    // Operators may complete before the source does: later data is read and dropped, so that its FIN or reset is seen.
    if (!this.sourceIsOver && this.stopped) this.source.resume();
  }

  #replaceOld(): void {
    const next = this.#next;
    this.#stopWaiting?.();
    this.#operators?.stop();
    this.#next = undefined;
    try {
      this.#install(next?.built, next?.running);
      next?.begin();
    } catch (error) {
      this.operatorsFailed(error, undefined);
    }
    this.#carried?.arrived();
    this.owner.flowSwapped();
    this.loosened();
  }
}
