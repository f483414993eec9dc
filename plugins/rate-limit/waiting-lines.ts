import { timer, type SchedulerLike, type Unsubscribable } from "rxjs";
import type { BucketLimit, RateLimitStore } from "./store.ts";

/** Node fires timers beyond this at once. */
const LONGEST = 2 ** 31 - 1;

/** Who waits for tokens of a bucket. */
export interface Waiter {
  readonly cost: number;
  readonly limit: BucketLimit;
  readonly clock: SchedulerLike;
  /** It has paid. */
  pass(): void;
}

/**
 * Those who wait for the tokens of each bucket, one line a bucket, in the order in which they came. Only the first pays, when there is
 * enough; so whoever leaves costs those behind it nothing, and they move up at once.
 */
export class WaitingLines {
  readonly #lines = new Map<string, Line>();

  constructor(private readonly store: RateLimitStore) {}

  /** @returns how to leave the line; nothing once it has passed */
  join(key: string, waiter: Waiter): () => void {
    const line = this.#lines.get(key) ?? new Line((first) => this.store.take(key, first.cost, first.limit, first.clock.now()) as number);
    this.#lines.set(key, line);
    line.add(waiter);
    const tidy = (): void => {
      if (line.isEmpty && this.#lines.get(key) === line) this.#lines.delete(key);
    };
    tidy();
    return () => {
      line.remove(waiter);
      tidy();
    };
  }
}

class Line {
  readonly #waiters = new Set<Waiter>();
  #timer: Unsubscribable | undefined;
  #serving = false;

  /** @param take milliseconds after which the first may ask again; 0: it has paid */
  constructor(private readonly take: (first: Waiter) => number) {}

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#timer === undefined) this.#serve();
  }

  remove(waiter: Waiter): void {
    const [first] = this.#waiters;
    this.#waiters.delete(waiter);
    if (first === waiter) this.#serve();
  }

  #serve(): void {
    // Who passes may bring others, or take them along.
    if (this.#serving) return;
    this.#serving = true;
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    for (const first of this.#waiters) {
      const wait = this.take(first);
      if (wait > 0) {
        this.#timer = timer(Math.min(wait, LONGEST), first.clock).subscribe(() => {
          this.#timer = undefined;
          this.#serve();
        });
        break;
      }
      this.#waiters.delete(first);
      first.pass();
    }
    this.#serving = false;
  }
}
