import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type ResolvedQueue } from "../../../contract/index.ts";

/** Keeps the queues in which sessions wait, and tells them when there may be room. */
export interface QueueKeeper {
  readonly queues: Set<SessionQueue>;
}

/** Sessions that wait for room at an upstream, first come, first served. A session that leaves makes room for others at once. */
export class SessionQueue {
  readonly #waiting = new Set<Waiter<unknown>>();
  #isTold = false;

  constructor(
    private readonly keeper: QueueKeeper,
    private options: ResolvedQueue,
  ) {}

  /** Sessions wait: a new one has to wait behind them. */
  get isTaken(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Emits the result of `choose`, now or when there is room. Cold; unsubscribing leaves the queue.
   * @param choose throws SLUICE_UPSTREAM_BUSY where there is no room
   */
  take<T>(choose: () => T): Observable<T> {
    return new Observable<T>((subscriber) => {
      if (!this.isTaken) {
        const found = tried(choose);
        if (found !== full) {
          subscriber.next(found);
          subscriber.complete();
          return undefined;
        }
      }
      return this.#enter(choose, subscriber);
    });
  }

  /** Takes the options of a new generation. Sessions that wait already keep their time. */
  renew(options: ResolvedQueue): void {
    this.options = options;
  }

  /** There may be room. Waiting sessions are served in a microtask, as the caller has not finished yet. */
  tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    queueMicrotask(() => {
      this.#isTold = false;
      for (const waiter of this.#waiting) if (!waiter.serve()) break;
    });
  }

  #enter<T>(choose: () => T, subscriber: Subscriber<T>): () => void {
    const { max, timeout } = this.options;
    if (this.#waiting.size >= max) throw busy(`${max} wait already`);
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(waiter);
      if (!this.isTaken) this.keeper.queues.delete(this);
    };
    const waiter = new Waiter(choose, subscriber, leave);
    const timer = setTimeout(() => {
      leave();
      subscriber.error(busy(`there was no room within ${timeout} ms`));
    }, timeout);
    timer.unref();
    this.#waiting.add(waiter);
    this.keeper.queues.add(this);
    return leave;
  }
}

class Waiter<T> {
  constructor(
    private readonly choose: () => T,
    private readonly subscriber: Subscriber<T>,
    private readonly leave: () => void,
  ) {}

  /** @returns false: there is no room */
  serve(): boolean {
    const { subscriber } = this;
    try {
      const found = tried(this.choose);
      if (found === full) return false;
      this.leave();
      subscriber.next(found);
      subscriber.complete();
    } catch (error) {
      this.leave();
      subscriber.error(error);
    }
    return true;
  }
}

const full = Symbol("full");

function tried<T>(choose: () => T): T | typeof full {
  try {
    return choose();
  } catch (error) {
    if (SluiceError.is(error) && error.code === "SLUICE_UPSTREAM_BUSY") return full;
    throw error;
  }
}

function busy(why: string): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_BUSY", `maxSessions are open at every endpoint of the upstream, and ${why}`);
}
