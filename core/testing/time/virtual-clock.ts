import { Subscription, type SchedulerAction, type SchedulerLike } from "rxjs";
import type { Duration } from "../../contract/index.ts";
import { millisecondsOf } from "../values/read-duration.ts";

export interface VirtualClockOptions {
  /** Epoch milliseconds, or a date, at which it begins. @default 0 */
  readonly start?: number | Date;
}

/**
 * A clock that stands still until it is told to go on: an RxJS scheduler for `CLOCK`, so that what a plugin does after ten seconds takes a
 * test no time.
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
  /** What waits, by the time it is due; what is due at the same time in the order in which it was scheduled. */
  readonly #waiting: ClockAction[] = [];

  constructor({ start = 0 }: VirtualClockOptions = {}) {
    this.#began = Number(start);
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#began + this.#passed;
  }

  /** How many pieces of work wait for their time. */
  get pending(): number {
    return this.#waiting.length;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return new ClockAction(this.#waiting, () => this.#passed, work as Work).schedule(state, delay);
  }

  /**
   * Lets time pass. What is due in it runs before this returns, each piece at its own moment and in order, also what is scheduled
   * meanwhile within the same span. What a piece of work throws is thrown here; the others keep their time.
   *
   * @throws SLUICE_TEST_INVALID for what is no duration
   */
  advance(by: Duration): void {
    const until = this.#passed + millisecondsOf(by, "advance(by)");
    for (let [next] = this.#waiting; next !== undefined && next.at <= until; [next] = this.#waiting) this.#run(next);
    this.#passed = until;
  }

  /** Goes on to the next piece of work that waits, and runs it. @returns false: nothing waits */
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
  /** When it is due, in milliseconds since the clock began. */
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
