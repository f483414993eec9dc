import { clientKey, CLOCK, definePlugin, LOGGER, METRICS, PLACE, SHARED, withClient } from "sluice";
import type { HttpRequest, HttpResponse, Inject, Logger, Metrics, Plugin, Session } from "sluice";
import { each, throttleBytes } from "sluice/flow";
import {
  concatMap,
  defer,
  firstValueFrom,
  from,
  fromEvent,
  map,
  of,
  switchMap,
  takeUntil,
  type Observable,
  type SchedulerLike,
} from "rxjs";
import type { RateLimitConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { Limiter, limited, type Price } from "./limiter.ts";
import { MemoryStore } from "./memory-store.ts";
import { isSource, rateLimitSchema, type RateLimitOptions } from "./options.ts";
import { storeBetweenProcesses } from "./between-processes.ts";
import type { BucketLimit, OpenRateLimitStore, RateLimitStore } from "./store.ts";

type AdmitHook = NonNullable<Plugin["admit"]>;
type ExchangeHook = NonNullable<Plugin["exchange"]>;
type ByteHook = NonNullable<Plugin["fromClient"]>;

/** The parts that are injected into a {@link RateLimit}. */
export interface RateLimitParts {
  readonly clock: SchedulerLike;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: RateLimitStore;
  /** The store, if this use has opened it. */
  readonly opened?: OpenRateLimitStore;
  /** The beginning of every key. Uses that share a store do not share buckets, except the same use (listener and name) in several proxies. */
  readonly prefix: string;
}

/** Token buckets for new sessions, datagrams, bytes and HTTP requests. It has only the hooks that its limits need. */
export class RateLimit implements Plugin {
  /** False when a chunk is kept after the call: because it is delayed, or waits for an external store. */
  readonly borrows: boolean;
  readonly needs: NonNullable<Plugin["needs"]>;
  declare readonly admit?: AdmitHook;
  declare readonly exchange?: ExchangeHook;
  declare readonly fromClient?: ByteHook;
  declare readonly fromUpstream?: ByteHook;
  readonly #limiter: Limiter;

  constructor(
    private readonly options: RateLimitOptions,
    private readonly parts: RateLimitParts,
  ) {
    const { bytes, connections, datagrams, over, requests } = options;
    const { clock, metrics, store } = parts;
    this.#limiter = new Limiter(store, clock, metrics.counter("sluice_rate_limited_total"), options.maxKeys);
    this.borrows = store instanceof MemoryStore && !(bytes !== undefined && over === "delay");
    this.needs = (["requests", "datagrams"] as const).filter((limit) => options[limit] !== undefined);
    if (connections !== undefined) this.admit = this.#connections(connections);
    if (requests !== undefined) this.exchange = this.#requests(requests);
    const counted = datagrams === undefined ? [] : [this.#datagrams(datagrams)];
    const up = bytes === undefined ? counted : [...counted, this.#bytes(bytes, "up")];
    if (up.length > 0) this.fromClient = (data, session) => up.reduce((flow, hook) => hook(flow, session), data);
    if (bytes !== undefined) this.fromUpstream = this.#bytes(bytes, "down");
  }

  async setup(): Promise<void> {
    const { bytes, connections, datagrams, requests } = this.options;
    if ([bytes, connections, datagrams, requests].every((limit) => limit === undefined)) {
      this.parts.logger.warn("rateLimit limits nothing: give it connections, datagrams, bytes or requests");
    }
    await this.parts.opened?.opened;
  }

  teardown(): void {
    this.parts.opened?.close();
  }

  inherit(previous: Plugin): void {
    if (!(previous instanceof RateLimit)) return;
    const mine = this.parts.store;
    const theirs = previous.parts.store;
    if (mine instanceof MemoryStore && theirs instanceof MemoryStore && sameKey(this.options, previous.options)) mine.adopt(theirs);
  }

  #connections(limit: BucketLimit): AdmitHook {
    return (arrival, session) => {
      const admitted = (): Observable<Session> => {
        // Computed when the session arrives: an earlier plugin may set what the key function reads, as TLS does.
        const price = this.#price("connections", session, limit);
        return this.options.over === "delay" ? this.#queued(price, session) : this.#granted(price, session);
      };
      return arrival.pipe(concatMap(admitted));
    };
  }

  #granted(price: Price, session: Session): Observable<Session> {
    const judged = (granted: boolean): Session => {
      if (granted) return session;
      throw limited(`too many new sessions for ${price.key}`);
    };
    return defer(() => {
      const granted = this.#limiter.allows(price);
      return typeof granted === "boolean" ? of(judged(granted)) : from(granted).pipe(map(judged));
    });
  }

  #queued(price: Price, session: Session): Observable<Session> {
    return this.#limiter.turn(price).pipe(
      takeUntil(gone(session)),
      map(() => session),
    );
  }

  #requests(limit: BucketLimit): ExchangeHook {
    return (attempt, request) => {
      const { session } = request;
      const price = this.#price("requests", session, limit, request);
      if (this.options.over === "delay")
        return this.#limiter.turn(price).pipe(
          takeUntil(gone(session)),
          switchMap(() => attempt),
        );
      const judged = (wait: number): Observable<HttpResponse> => (wait > 0 ? of(tooMany(price, wait)) : attempt);
      return defer(() => {
        const wait = this.#limiter.wait(price);
        return typeof wait === "number" ? judged(wait) : from(wait).pipe(switchMap(judged));
      });
    };
  }

  #datagrams(limit: BucketLimit): ByteHook {
    return (data, session) => {
      if (!session.datagrams) return data;
      const price = this.#price("datagrams", session, { ...limit, lease: true });
      return data.pipe(
        each((datagram) => {
          const granted = this.#limiter.allows(price);
          if (typeof granted === "boolean") return granted ? datagram : null;
          return granted.then((settled) => (settled ? datagram : null));
        }),
      );
    };
  }

  #bytes(limit: BucketLimit, direction: "up" | "down"): ByteHook {
    return (data, session) => {
      const price = this.#price(direction, session, { ...limit, lease: true });
      const { store, clock } = this.parts;
      if (this.options.over === "reject") return data.pipe(each((chunk) => this.#paid(chunk, price)));
      if (store instanceof MemoryStore) {
        return data.pipe(throttleBytes((cost) => this.#limiter.reserve(store, { ...price, cost }), clock));
      }
      return data.pipe(
        each(async (chunk) => {
          const turn = this.#limiter.turn({ ...price, cost: chunk.length }).pipe(takeUntil(gone(session)));
          await firstValueFrom(turn, { defaultValue: undefined });
          return chunk;
        }),
      );
    };
  }

  #paid(chunk: Buffer, price: Price): Buffer | Promise<Buffer> {
    const judged = (granted: boolean): Buffer => {
      if (granted) return chunk;
      throw limited(`too many bytes for ${price.key}`);
    };
    const granted = this.#limiter.allows({ ...price, cost: chunk.length });
    return typeof granted === "boolean" ? judged(granted) : granted.then(judged);
  }

  /** @param request given when the client of the request counts, and not the client of the session */
  #price(kind: string, session: Session, limit: BucketLimit, request?: HttpRequest): Price {
    const { key } = this.options;
    const client = (): string => clientKey((request ?? session).client);
    const whose = key === "client" ? client() : key === "listener" ? session.listener : key(withClient(session, request?.client), request);
    return { key: `${this.parts.prefix}${kind} ${whose}`, cost: 1, limit };
  }
}

/** Two functions count as the same key: a reloaded config creates a new function each time. */
function sameKey(a: RateLimitOptions, b: RateLimitOptions): boolean {
  return a.key === b.key || (typeof a.key === "function" && typeof b.key === "function");
}

/** @param wait milliseconds; Retry-After has only whole seconds (RFC 9110 section 10.2.3) */
function tooMany({ key }: Price, wait: number): HttpResponse {
  const seconds = Math.max(1, Math.ceil(wait / 1_000));
  return { status: 429, headers: { "retry-after": String(seconds) }, error: limited(`too many requests for ${key}`) };
}

/** Emits when the session ends. */
function gone(session: Session): Observable<unknown> {
  return session.signal.aborted ? of(undefined) : fromEvent(session.signal, "abort");
}

function create(options: RateLimitOptions, inject: Inject): RateLimit {
  const common = { clock: inject(CLOCK), logger: inject(LOGGER), metrics: inject(METRICS) };
  const { listener, plugin } = inject(PLACE);
  if (options.store === "memory") return new RateLimit(options, { ...common, store: inMemory(options, inject, common), prefix: "" });
  const prefix = `${listener} ${plugin} `;
  if (!isSource(options.store)) return new RateLimit(options, { ...common, store: inject<RateLimitStore>(options.store), prefix });
  const opened = options.store.open({ ...common, maxKeys: options.maxKeys, processes: processesOf(inject) });
  return new RateLimit(options, { ...common, store: opened, opened, prefix });
}

/** The store in memory: in this process if it is the only one, else in the first process. */
function inMemory({ maxKeys }: RateLimitOptions, inject: Inject, common: Pick<RateLimitParts, "logger" | "metrics">): RateLimitStore {
  const { listener, plugin } = inject(PLACE);
  if (processesOf(inject) === 1) return new MemoryStore(maxKeys);
  return storeBetweenProcesses(`${listener} ${plugin}`, maxKeys, { ...common, shared: inject(SHARED) });
}

/** How many processes serve the listener. All datagrams of a listener are handled by one. */
function processesOf(inject: Inject): number {
  return inject(PLACE).datagrams ? 1 : inject(SHARED).processes;
}

/**
 * Limits sessions, datagrams, bytes and HTTP requests, per client, per listener or per key of your own.
 *
 * @example plugins: [rateLimit({ connections: { rate: 100, per: "1s", burst: 20 } })]
 */
export const rateLimit: PluginFactory<RateLimitConfig> = definePlugin("rateLimit", create, rateLimitSchema);
