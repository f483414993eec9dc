import { Subscription, type SchedulerAction, type SchedulerLike } from "rxjs";
import { SluiceError, type Duration } from "../../contract/index.ts";
import { refuseUnknown } from "../values/known-keys.ts";
import { millisecondsOf } from "../values/read-units.ts";

/** Options of virtualClock(). */
export interface VirtualClockOptions {
  /** The time at which it begins: milliseconds since the epoch, or a date. @default 0 */
  readonly start?: number | Date;
}

/**
 * A clock that stands still until a test moves it: an RxJS scheduler for `CLOCK`, so that a test need not wait for something that a plugin does after
 * ten seconds.
 *
 * @example
 * const clock = virtualClock();
 * await using proxy = await startProxy({ upstream, plugins: [heartbeat()], providers: [{ token: CLOCK, useValue: clock }] });
 * clock.advance("15s");
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new VirtualClock(options);
}

type Work = (this: SchedulerAction<unknown>, state?: unknown) => void;

/** See {@link virtualClock}. */
export class VirtualClock implements SchedulerLike {
  readonly #began: number;
  /** Milliseconds since it began. */
  #passed = 0;
  /** The waiting work, in the order of its times; work at the same time in the order in which it was scheduled. */
  readonly #waiting: ClockAction[] = [];

  constructor(options: VirtualClockOptions = {}) {
    refuseUnknown(options, ["start"] satisfies (keyof VirtualClockOptions)[], "virtualClock(options)");
    const { start = 0 } = options;
    this.#began = Number(start);
    if (!Number.isFinite(this.#began))
      throw new SluiceError("SLUICE_TEST_INVALID", `virtualClock(options): start must be milliseconds or a date, got ${String(start)}`);
  }

  /** The virtual time in milliseconds since the epoch. */
  now(): number {
    return this.#began + this.#passed;
  }

  /** Number of pieces of work that wait for their time. */
  get pending(): number {
    return this.#waiting.length;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return new ClockAction(this.#waiting, () => this.#passed, work as Work).schedule(state, delay);
  }

  /**
   * Moves the time forward. All work that becomes due runs before this returns, each piece at its own time and in order, including work that is
   * scheduled meanwhile for the same span. An error of a piece of work is thrown here; the others keep their times.
   *
   * @throws SLUICE_TEST_INVALID for an invalid duration
   */
  advance(by: Duration): void {
    const until = this.#passed + millisecondsOf(by, "advance(by)");
    for (let [next] = this.#waiting; next !== undefined && next.at <= until; [next] = this.#waiting) this.#run(next);
    this.#passed = until;
  }

  /** Moves the time to the next piece of waiting work, and runs it. @returns false when no work waits */
  step(): boolean {
    const [next] = this.#waiting;
    if (next !== undefined) this.#run(next);
    return next !== undefined;
  }

  #run(next: ClockAction): void {
    this.#waiting.shift();
    this.#passed = Math.max(this.#passed, next.at);
    next.run();
  }
}

/** One piece of work, which may schedule itself again, as RxJS's `interval` does. */
class ClockAction extends Subscription implements SchedulerAction<unknown> {
  /** The time at which it is due, in milliseconds since the clock began. */
  at = 0;
  #state: unknown;

  constructor(
    private readonly waiting: ClockAction[],
    private readonly passed: () => number,
    private readonly work: Work,
  ) {
    super();
  }

  schedule(state?: unknown, delay = 0): Subscription {
    if (this.closed || !Number.isFinite(delay)) return this;
    this.#leave();
    this.#state = state;
    this.at = this.passed() + Math.max(0, delay);
    const behind = this.waiting.findIndex(({ at }) => at > this.at);
    this.waiting.splice(behind < 0 ? this.waiting.length : behind, 0, this);
    return this;
  }

  run(): void {
    this.work.call(this, this.#state);
  }

  override unsubscribe(): void {
    this.#leave();
    super.unsubscribe();
  }

  #leave(): void {
    const at = this.waiting.indexOf(this);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}
