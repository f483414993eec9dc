/** A session that waits for room. */
export interface Waiter {
  /** The queue of its upstream, which only tells waiters apart here. */
  readonly queue: object;
  /** It has tried endpoints before, and wants others: those behind it may have to go first. */
  readonly isChoosy: boolean;
  /** @returns false: there is no room */
  serve(): boolean;
}

/**
 * All sessions that wait for room at the endpoints of one listener, in the order in which they came. Its upstreams and its generations may share
 * endpoints: if each had a line of its own, the sessions of one could take every place.
 */
export class WaitingLine {
  readonly #waiters = new Set<Waiter>();
  /** The number of waiters by queue. */
  readonly #counts = new Map<object, number>();
  /** The number of waiters that have tried endpoints before. */
  #choosy = 0;
  #isTold = false;
  #isServing = false;

  /** There may be room for those that wait, and they have not had it yet: a new session must not overtake them. */
  get isMoving(): boolean {
    return this.#isTold || this.#isServing;
  }

  /** Number of waiters of one queue. */
  lengthOf(queue: object): number {
    return this.#counts.get(queue) ?? 0;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#count(waiter, 1);
  }

  remove(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#count(waiter, -1);
  }

  /** There may be room. Waiters are served in a microtask, as the caller has not finished yet. */
  tell(): void {
    if (this.#isTold || this.#waiters.size === 0) return;
    this.#isTold = true;
    queueMicrotask(() => {
      this.#isTold = false;
      this.#isServing = true;
      this.#serve();
      this.#isServing = false;
    });
  }

  /** Where one that may go to every endpoint finds no room, the others of its queue that may do so find none either. */
  #serve(): void {
    const full = new Set<object>();
    for (const waiter of this.#waiters) {
      if (full.size >= this.#counts.size && this.#choosy === 0) break;
      if (!waiter.isChoosy && full.has(waiter.queue)) continue;
      if (!waiter.serve() && !waiter.isChoosy) full.add(waiter.queue);
    }
  }

  #count({ queue, isChoosy }: Waiter, change: 1 | -1): void {
    const count = this.lengthOf(queue) + change;
    if (count === 0) this.#counts.delete(queue);
    else this.#counts.set(queue, count);
    if (isChoosy) this.#choosy += change;
  }
}
