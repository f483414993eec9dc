import { SinkSubscriber } from "./sink-subscriber.ts";
import { cross, type Tap } from "../chain/meter.ts";
import { faultOf } from "../chain/fault.ts";
import { weightOf } from "../operators/chunk-weight.ts";
import { holdingThrough, type HoldTarget } from "../operators/hold.ts";
import type { Operators } from "./operators.ts";
import { Retained } from "./retained.ts";
import type { OperatorsHost, RunningOperators } from "./running-operators.ts";

/** Plain RxJS operators in a flow: their subscription, and the account of what they hold. */
export class RawOperators implements RunningOperators, HoldTarget {
  readonly patient = true;
  readonly #retained: Retained;
  readonly #sink: SinkSubscriber;
  #turns = 0;
  /** They released something within a turn: the flow is notified when the turn is over. */
  #loosened = false;
  #held = 0;
  #tight = 0;
  #stopped = false;
  /** Functions of the operators' holds, called when a swap comes after the input has completed. */
  #hurries: (() => void)[] | undefined;
  #hurried = false;
  #tap: Tap | undefined;

  constructor(
    private readonly operators: Operators,
    private host: OperatorsHost,
    private readonly limit: number,
  ) {
    const { raw } = operators;
    this.#retained = new Retained(
      limit,
      () => {
        this.host.loosened();
      },
      () => {
        this.host.warn(`asynchronous RxJS operators in ${raw.join(" or ")}: those of sluice/flow pause the source, these are only bounded`);
      },
    );
    this.#sink = new SinkSubscriber(
      (chunk) => {
        this.#emitted(chunk);
      },
      (error) => {
        this.host.operatorsFailed(error, raw[0]);
      },
      () => {
        this.host.operatorsCompleted();
      },
      (error) => {
        this.#threw(error);
      },
    );
  }

  get swapping(): boolean {
    return this.#hurried || this.host.swapping;
  }

  get last(): string | undefined {
    return this.operators.raw.at(-1);
  }

  /** Whether nobody has subscribed yet: chunks that come before that (`concat(greeting, data)`) would be lost. */
  get busy(): boolean {
    return !this.operators.root.observed;
  }

  get holding(): number {
    return this.#held;
  }

  get heard(): boolean {
    return this.operators.root.heard;
  }

  get clear(): boolean {
    return this.#tight === 0 && !this.full;
  }

  /** Whether they hold all that they may. */
  get full(): boolean {
    return this.#held >= this.limit || this.#retained.full;
  }

  /** Subscribes: emissions are possible from here on. Immediate ones are expected: `startWith` keeps nothing. */
  start(): void {
    const { root } = this.operators;
    const observed = (): void => {
      this.host.loosened();
    };
    root.onObserved = observed;
    this.turn(() => {
      holdingThrough(this, () => this.operators.output.subscribe(this.#sink));
    });
  }

  /** Their place is free: what waited for that runs now, as one turn. */
  arrive(host: OperatorsHost, before: () => void): void {
    this.host = host;
    this.turn(() => {
      before();
      this.operators.site.arrived();
    });
  }

  push(chunk: Buffer): boolean {
    const { host } = this;
    if (host.datagrams && this.full) {
      host.owner.flowDropped(1);
      return true;
    }
    this.#retained.took(this.#countOf(chunk));
    this.#turns += 1;
    cross(this.operators.entry, chunk);
    this.#tap?.entered(chunk);
    try {
      this.operators.root.next(chunk);
    } catch (error) {
      this.#threw(error);
    }
    this.#endTurn();
    return host.clear || host.pause();
  }

  watch(tap: Tap | undefined): void {
    this.#tap = tap;
    for (const stage of this.operators.stages) stage.watch(tap);
  }

  complete(): void {
    this.turn(() => {
      try {
        this.operators.root.complete();
      } catch (error) {
        this.#threw(error);
      }
    });
  }

  onHurry(hurry: () => void): void {
    (this.#hurries ??= []).push(hurry);
  }

  hurry(): void {
    if (this.#hurries === undefined || this.#hurried) return;
    this.#hurried = true;
    this.turn(() => {
      for (const hurry of this.#hurries ?? []) hurry();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retained.stop();
    this.#sink.unsubscribe();
  }

  held(bytes: number, tight: number): void {
    this.#held += bytes;
    this.#tight += tight;
    this.host.loan.keep(bytes);
    if (bytes >= 0) return;
    if (this.#turns > 0) this.#loosened = true;
    else this.host.loosened();
  }

  turn(emit: () => void): void {
    this.#turns += 1;
    try {
      emit();
    } finally {
      this.#endTurn();
    }
  }

  offer(bytes: number, emit: () => void): boolean {
    const { host } = this;
    if (this.full || host.waiting >= this.limit) {
      const [plugin = "unknown"] = this.operators.raw;
      host.owner.flowDropped(1, "inject");
      host.warn(`inject() in ${plugin}: limits.bufferPerFlow waits already, so what comes is dropped`);
      return false;
    }
    this.#retained.took(bytes);
    this.turn(emit);
    return true;
  }

  #endTurn(): void {
    this.#turns -= 1;
    if (!this.#loosened || this.#turns > 0) return;
    this.#loosened = false;
    this.host.loosened();
  }

  /** RxJS catches exceptions in operators, but not in their teardowns. The flow may be over by then: the failure is reported all the same. */
  #threw(error: unknown): void {
    const [plugin = "unknown"] = this.operators.raw;
    if (this.#stopped) this.host.flowFault(plugin, faultOf(plugin, error));
    else this.host.operatorsFailed(error, plugin);
  }

  /** What a chunk counts for in the estimate: operators often join the chunks of a stream, and seldom datagrams. */
  #countOf(chunk: unknown): number {
    if (this.host.datagrams) return weightOf(chunk);
    return chunk instanceof Uint8Array ? chunk.length : 0;
  }

  #emitted(chunk: unknown): void {
    const expected = this.#turns > 0;
    this.#retained.gave(this.#countOf(chunk), expected);
    // It may be lent by another flow, whose loan does not know this sink: `merge(data, chunksOfAnotherSession)`.
    const isForeign = !expected && this.operators.mayPassOn && chunk instanceof Uint8Array;
    this.host.emitted(isForeign ? Buffer.from(chunk) : chunk, expected);
  }
}
