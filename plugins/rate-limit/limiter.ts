import { SluiceError, type Counter } from "sluice";
import { defer, EMPTY, expand, first, Observable, of, switchMap, timer, type SchedulerLike } from "rxjs";
import { MemoryStore } from "./memory-store.ts";
import type { BucketLimit, RateLimitStore } from "./store.ts";

/** The longest timer in milliseconds: Node fires longer ones at once. */
const LONGEST = 2 ** 31 - 1;

/** A price: a number of tokens of a bucket. */
export interface Price {
  readonly key: string;
  readonly cost: number;
  readonly limit: BucketLimit;
}

/** Asks a store for tokens, at once or when they have come in. */
export class Limiter {
  #waiting = 0;

  constructor(
    readonly store: RateLimitStore,
    private readonly clock: SchedulerLike,
    private readonly refused: Counter,
    private readonly maxWaiting: number,
  ) {}

  /** Whether something may pass now; an external store answers with a promise. Refusals are counted. */
  allows(price: Price): boolean | Promise<boolean> {
    const wait = this.wait(price);
    return typeof wait === "number" ? wait <= 0 : wait.then((settled) => settled <= 0);
  }

  /** Milliseconds after which to ask again; 0 when paid. Refusals are counted. */
  wait(price: Price): number | Promise<number> {
    const wait = this.store.take(price.key, price.cost, price.limit, this.clock.now());
    return typeof wait === "number" ? this.#counted(wait) : wait.then((settled) => this.#counted(settled));
  }

  /** Pays at once, if necessary on credit. @returns milliseconds until the debt is paid, at most what a timer can wait */
  reserve(store: MemoryStore, { key, cost, limit }: Price): number {
    return Math.min(LONGEST, store.reserve(key, cost, limit, this.clock.now()));
  }

  /**
   * Emits once when the price is paid. Places in the queue are in the order of subscription; unsubscribing gives up the place.
   * Fails with SLUICE_RATE_LIMITED when too many wait already.
   */
  turn(price: Price): Observable<unknown> {
    return defer(() => {
      if (this.#waiting >= this.maxWaiting) {
        this.refused.inc();
        throw limited(`${this.#waiting} sessions are waiting already`);
      }
      const way = this.store instanceof MemoryStore ? this.#inLine(this.store, price) : this.#asking(price);
      return new Observable((subscriber) => {
        this.#waiting += 1;
        subscriber.add(() => {
          this.#waiting -= 1;
        });
        subscriber.add(way.subscribe(subscriber));
      });
    });
  }

  #inLine(store: MemoryStore, price: Price): Observable<unknown> {
    const { key, cost, limit } = price;
    return new Observable((subscriber) => {
      const pass = (): void => {
        subscriber.next(undefined);
        subscriber.complete();
      };
      return store.queues.join(key, { cost, limit, clock: this.clock, pass });
    });
  }

  /** An external store only says when to ask again, so the order among waiting sessions is the store's. */
  #asking({ key, cost, limit }: Price): Observable<unknown> {
    const ask = defer(async () => this.store.take(key, cost, limit, this.clock.now()));
    const later = (wait: number): Observable<number> =>
      wait > 0 ? timer(Math.min(wait, LONGEST), this.clock).pipe(switchMap(() => ask)) : EMPTY;
    return ask.pipe(
      expand(later),
      first((wait) => wait <= 0),
      switchMap(() => of(undefined)),
    );
  }

  #counted(wait: number): number {
    if (wait > 0) this.refused.inc();
    return wait;
  }
}

/** The error of a session that is refused or ended by a limit. */
export function limited(detail: string): SluiceError {
  return new SluiceError("SLUICE_RATE_LIMITED", detail);
}
