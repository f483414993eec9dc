import { timer, type SchedulerLike, type Unsubscribable } from "rxjs";
import type { BucketLimit, RateLimitStore } from "./store.ts";

/** The longest timer in milliseconds: Node fires longer ones at once. */
const LONGEST = 2 ** 31 - 1;

/** A session or request that waits for tokens of a bucket. */
export interface Waiter {
  readonly cost: number;
  readonly limit: BucketLimit;
  readonly clock: SchedulerLike;
  /** Called when it has paid. */
  pass(): void;
}

/**
 * The waiters for the tokens of each bucket: one queue per bucket, in the order of arrival. Only the first in a queue pays, when there are enough
 * tokens; so a waiter that leaves costs nothing, and those behind it move up at once.
 */
export class BucketQueues {
  readonly #queues = new Map<string, BucketQueue>();

  constructor(private readonly store: RateLimitStore) {}

  /** @returns a function that leaves the queue; it does nothing after the waiter has passed */
  join(key: string, waiter: Waiter): () => void {
    const queue =
      this.#queues.get(key) ?? new BucketQueue((first) => this.store.take(key, first.cost, first.limit, first.clock.now()) as number);
    this.#queues.set(key, queue);
    queue.add(waiter);
    const tidy = (): void => {
      if (queue.isEmpty && this.#queues.get(key) === queue) this.#queues.delete(key);
    };
    tidy();
    return () => {
      queue.remove(waiter);
      tidy();
    };
  }
}

class BucketQueue {
  readonly #waiters = new Set<Waiter>();
  #timer: Unsubscribable | undefined;
  #serving = false;

  /** @param take pays for the first waiter: returns 0, or the milliseconds after which to ask again */
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
    // A waiter that passes may add or remove others, which calls this method again.
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
