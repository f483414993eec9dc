import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type ResolvedQueue } from "../../../contract/index.ts";
import type { Waiter, WaitingLine } from "./waiting-line.ts";

/** Where the sessions of one upstream wait for room, first come, first served. A session that leaves makes room for others at once. */
export class SessionQueue {
  /** @param line in which they stand with the sessions of the listener's other upstreams */
  constructor(
    private readonly line: WaitingLine,
    private options: ResolvedQueue,
  ) {}

  /** A new session has to wait, though there may be room: for those that wait already. */
  get isMoving(): boolean {
    return this.line.isMoving;
  }

  /**
   * Emits the result of `choose`, now or when there is room. Cold; unsubscribing leaves the queue.
   * @param choose throws SLUICE_UPSTREAM_BUSY where there is no room
   * @param isChoosy see {@link Waiter}; asked when it has to wait
   */
  take<T>(choose: () => T, isChoosy: () => boolean): Observable<T> {
    return new Observable<T>((subscriber) => {
      if (!this.isMoving) {
        const found = tried(choose);
        if (found !== full) {
          subscriber.next(found);
          subscriber.complete();
          return undefined;
        }
      }
      return this.#enter(choose, isChoosy(), subscriber);
    });
  }

  /** Takes the options of a new generation. Sessions that wait already keep their time. */
  renew(options: ResolvedQueue): void {
    this.options = options;
  }

  #enter<T>(choose: () => T, isChoosy: boolean, subscriber: Subscriber<T>): () => void {
    const { max, timeout } = this.options;
    if (this.line.lengthOf(this) >= max) throw busy(`${max} wait already`);
    const leave = (): void => {
      clearTimeout(timer);
      this.line.remove(waiter);
    };
    const waiter = new OneWaiter(this, isChoosy, { choose, subscriber, leave });
    const timer = setTimeout(() => {
      leave();
      subscriber.error(busy(`there was no room within ${timeout} ms`));
    }, timeout);
    timer.unref();
    this.line.add(waiter);
    return leave;
  }
}

class OneWaiter<T> implements Waiter {
  constructor(
    readonly queue: SessionQueue,
    readonly isChoosy: boolean,
    private readonly work: { readonly choose: () => T; readonly subscriber: Subscriber<T>; readonly leave: () => void },
  ) {}

  serve(): boolean {
    const { choose, subscriber, leave } = this.work;
    try {
      const found = tried(choose);
      if (found === full) return false;
      leave();
      subscriber.next(found);
      subscriber.complete();
    } catch (error) {
      leave();
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
