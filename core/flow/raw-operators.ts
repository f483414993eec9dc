import { SinkSubscriber } from "./sink-subscriber.ts";
import { faultOf } from "./fault.ts";
import type { FlowOwner } from "./flow-owner.ts";
import { within, type HoldTarget } from "./hold.ts";
import type { Loan } from "./loan.ts";
import type { Operators } from "./operators.ts";
import { Retained } from "./retained.ts";

/** What plain RxJS operators need of their flow. */
export interface RawHost {
  readonly swapping: boolean;
  readonly loan: Loan;
  readonly owner: Pick<FlowOwner, "flowFault">;
  /** What the operators emitted. @param expected in the turn of a chunk, or through a hold */
  emitted(chunk: unknown, expected: boolean): void;
  operatorsFailed(error: unknown, plugin: string | undefined): void;
  operatorsCompleted(): void;
  /** They hold less than before. */
  loosened(): void;
  warn(message: string): void;
}

/** Plain RxJS operators in a flow: their subscription, and the account of what they hold. */
export class RawOperators implements HoldTarget {
  readonly #retained: Retained;
  readonly #sink: SinkSubscriber;
  #turns = 0;
  /** They let go of something within a turn: the flow is told when it is over. */
  #loosened = false;
  #held = 0;
  #tight = 0;
  #stopped = false;

  constructor(
    private readonly operators: Operators,
    private readonly host: RawHost,
    private readonly limit: number,
  ) {
    const { raw } = operators;
    this.#retained = new Retained(
      limit,
      () => {
        host.loosened();
      },
      () => {
        host.warn(`asynchronous RxJS operators in ${raw.join(" or ")}: those of sluice/flow pause the source, these are only bounded`);
      },
    );
    this.#sink = new SinkSubscriber(
      (chunk) => {
        this.#emitted(chunk);
      },
      (error) => {
        host.operatorsFailed(error, raw[0]);
      },
      () => {
        host.operatorsCompleted();
      },
      (error) => {
        this.#threw(error);
      },
    );
  }

  get swapping(): boolean {
    return this.host.swapping;
  }

  /** The plugin nearest the sink. */
  get last(): string | undefined {
    return this.operators.raw.at(-1);
  }

  /**
   * Whether they listen: what comes before somebody has subscribed (`concat(greeting, data)`) would be lost. They may never, and a reset
   * of the source is to be seen all the same: so it goes on until the bound is reached.
   */
  get listening(): boolean {
    return this.operators.root.observed;
  }

  /** Whether they have seen the end of their input; those that complete without have ended the flow by themselves. */
  get heard(): boolean {
    return this.operators.root.heard;
  }

  /** Whether they may be given more. */
  get clear(): boolean {
    return this.#tight === 0 && !this.full;
  }

  /** Whether they hold all that they may. */
  get full(): boolean {
    return this.#held >= this.limit || this.#retained.full;
  }

  /** Subscribes: from here on things can be emitted. What is emitted at once is expected: `startWith` keeps nothing. */
  start(): void {
    const { root } = this.operators;
    const observed = (): void => {
      this.host.loosened();
    };
    root.onObserved = observed;
    this.turn(() => {
      within(this, () => this.operators.output.subscribe(this.#sink));
    });
  }

  push(chunk: Buffer): void {
    this.#retained.took(chunk.length);
    this.#turns += 1;
    try {
      this.operators.root.next(chunk);
    } catch (error) {
      this.#threw(error);
    }
    this.#endTurn();
  }

  /** Completes their input; they flush, and `operatorsCompleted` follows. */
  complete(): void {
    this.turn(() => {
      try {
        this.operators.root.complete();
      } catch (error) {
        this.#threw(error);
      }
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

  #endTurn(): void {
    this.#turns -= 1;
    if (!this.#loosened || this.#turns > 0) return;
    this.#loosened = false;
    this.host.loosened();
  }

  /** RxJS catches what operators throw, but not what their teardowns do. The flow may be over by then: that it failed is told all the same. */
  #threw(error: unknown): void {
    const [plugin = "unknown"] = this.operators.raw;
    if (this.#stopped) this.host.owner.flowFault(plugin, faultOf(plugin, error));
    else this.host.operatorsFailed(error, plugin);
  }

  #emitted(chunk: unknown): void {
    const expected = this.#turns > 0;
    this.#retained.gave(chunk instanceof Uint8Array ? chunk.length : 0, expected);
    this.host.emitted(chunk, expected);
  }
}
