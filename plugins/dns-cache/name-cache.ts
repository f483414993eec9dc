import { SluiceError, type Address, type Query } from "sluice";
import { LRUCache } from "lru-cache";
import {
  catchError,
  defer,
  finalize,
  map,
  of,
  ReplaySubject,
  share,
  tap,
  throwError,
  timeout,
  type Observable,
  type SchedulerLike,
} from "rxjs";
import { STALE_PATIENCE, type DnsCacheOptions } from "./options.ts";

interface KnownName {
  readonly addresses: Address[];
  /** The error when the name server said that the name does not exist. */
  readonly failure: SluiceError | undefined;
  readonly storedAt: number;
  /** Milliseconds. */
  lifetime: number;
  /** After a failure of the name server, the stale answer is used until this time without asking again. */
  recheckAt: number;
}

/** RFC 8767 section 5.2: the TTL of a stale answer. */
const STALE_TTL = 30;

/** A cache of upstream names: one look-up serves all sessions that ask at the same time, and its answer those that ask while it is fresh. */
export class NameCache {
  #known: LRUCache<string, KnownName>;
  #asking = new Map<string, Observable<Address[]>>();

  constructor(
    private readonly options: DnsCacheOptions,
    private readonly clock: SchedulerLike,
  ) {
    this.#known = new LRUCache({ max: options.max });
  }

  /** The answer from the cache, or from `lookup`. */
  resolve(lookup: Observable<Address[]>, { name, fresh = false }: Pick<Query, "name" | "fresh">): Observable<Address[]> {
    const key = name.toLowerCase();
    return defer(() => {
      if (fresh) this.#doubt(key);
      const known = this.#known.get(key);
      const now = this.clock.now();
      if (known !== undefined && isFresh(known, now)) return answerOf(known, now);
      if (known !== undefined && this.#isStale(known, now) && now < known.recheckAt) return of(stale(known));
      return this.#shared(lookup, key);
    });
  }

  /** Takes over the entries of another cache. */
  adopt(other: NameCache): void {
    this.#asking = other.#asking;
    if (other.options.max === this.options.max) this.#known = other.#known;
    else for (const [key, known] of [...other.#known.entries()].toReversed()) this.#known.set(key, known);
  }

  /** Marks a known answer as wrong: it expires now, and is used only as a stale answer. */
  #doubt(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    if (known.failure !== undefined) this.#known.delete(key);
    known.lifetime = Math.min(known.lifetime, Math.max(0, this.clock.now() - known.storedAt));
    known.recheckAt = 0;
  }

  #shared(lookup: Observable<Address[]>, key: string): Observable<Address[]> {
    const running = this.#asking.get(key);
    if (running !== undefined) return running;
    const asking = this.#asking;
    const kept = lookup.pipe(
      tap((addresses) => {
        this.#keep(key, addresses, undefined);
      }),
    );
    const shared = this.#patiently(kept, key).pipe(
      catchError((error: unknown) => this.#failed(key, error)),
      finalize(() => asking.delete(key)),
      share({ connector: () => new ReplaySubject<Address[]>(1), resetOnComplete: false, resetOnError: false }),
    );
    asking.set(key, shared);
    return shared;
  }

  /** Uses a stale answer early when the name server is silent: the resolver waits longer than most connections do. */
  #patiently(lookup: Observable<Address[]>, key: string): Observable<Address[]> {
    const known = this.#known.get(key);
    if (known === undefined || !this.#isStale(known, this.clock.now())) return lookup;
    return lookup.pipe(timeout({ first: STALE_PATIENCE, scheduler: this.clock, with: () => this.#useStale(known) }));
  }

  #keep(key: string, addresses: Address[], failure: SluiceError | undefined): void {
    const ttl = Math.min(...addresses.map((address) => address.ttl)) * 1_000;
    const { minTtl, maxTtl, negativeTtl } = this.options;
    const lifetime = failure === undefined ? Math.min(Math.max(ttl, minTtl), maxTtl) : negativeTtl;
    // A TTL of 0 allows only this one use (RFC 1035 section 3.2.1), so minTtl does not apply to it.
    if (failure === undefined && !(ttl > 0 && Number.isFinite(ttl))) this.#known.delete(key);
    else this.#known.set(key, { addresses, failure, storedAt: this.clock.now(), lifetime, recheckAt: 0 });
  }

  #failed(key: string, error: unknown): Observable<Address[]> {
    const known = this.#known.get(key);
    if (SluiceError.is(error) && error.code === "SLUICE_UPSTREAM_DNS_NOT_FOUND") this.#keep(key, [], error);
    else if (known !== undefined && this.#isStale(known, this.clock.now())) return this.#useStale(known);
    return throwError(() => error);
  }

  #useStale(known: KnownName): Observable<Address[]> {
    known.recheckAt = this.clock.now() + this.options.negativeTtl;
    return of(stale(known));
  }

  #isStale(known: KnownName, now: number): boolean {
    return known.failure === undefined && now >= known.storedAt && now < known.storedAt + known.lifetime + this.options.staleIfError;
  }
}

/** Nothing is fresh after the clock was set back. */
function isFresh({ storedAt, lifetime }: KnownName, now: number): boolean {
  return now >= storedAt && now < storedAt + lifetime;
}

function answerOf({ addresses, failure, storedAt, lifetime }: KnownName, now: number): Observable<Address[]> {
  if (failure !== undefined) return throwError(() => failure);
  const ttl = Math.floor((storedAt + lifetime - now) / 1_000);
  return of(addresses).pipe(map((all) => all.map((address) => ({ ...address, ttl }))));
}

function stale({ addresses }: KnownName): Address[] {
  return addresses.map((address) => ({ ...address, ttl: STALE_TTL }));
}
