import { CLOCK, definePlugin, METRICS, OPTIONS, PLACE } from "sluice";
import type { Address, Metrics, Place, Plugin, Query, Session, Upstream } from "sluice";
import { each, inject as put } from "sluice/flow";
import { finalize, map, Observable, Subject, type SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import type { DnsCacheConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { DnsRelay } from "./dns-relay.ts";
import { DnsState } from "./dns-state.ts";
import { NameCache } from "./name-cache.ts";
import { QueryLeg } from "./query-leg.ts";
import { dnsCacheSchema, type DnsCacheOptions } from "./options.ts";

/** Caches the addresses of upstream names; on a UDP listener it also caches the answers to DNS queries. */
@injectable()
export class DnsCache implements Plugin {
  static readonly borrows = true;
  /** Only on UDP: for streams it would cost time and do nothing. */
  readonly connect?: NonNullable<Plugin["connect"]>;
  readonly #names: NameCache;
  #state: DnsState;
  #relay: DnsRelay;
  /** Whether the inherited answers must not be used. */
  #fresh: boolean;

  constructor(
    @inject(OPTIONS) private readonly options: DnsCacheOptions,
    @inject(CLOCK) private readonly clock: SchedulerLike,
    @inject(METRICS) private readonly metrics: Metrics,
    @inject(PLACE) { datagrams, fresh = false }: Place,
  ) {
    this.#fresh = fresh;
    this.#names = new NameCache(options, clock);
    this.#state = new DnsState(options, metrics.counter("sluice_dns_queries_dropped_total")).hold();
    if (datagrams) this.connect = (attempt, session) => this.#safely(attempt, session);
    this.#relay = this.#relayOf(this.#state);
  }

  inherit(previous: Plugin): void {
    if (!(previous instanceof DnsCache)) return;
    this.#names.adopt(previous.#names);
    this.#state.release();
    this.#state = previous.#state.hold();
    // The previous instance may not have cleared the answers yet, if no session came in its time.
    this.#fresh ||= previous.#fresh;
    this.#relay = this.#relayOf(this.#state);
  }

  /** Releases the shared state. If the reload was refused after `inherit`, the previous instance still holds it. */
  teardown(): void {
    this.#state.release();
  }

  resolve(lookup: Observable<Address[]>, query: Query): Observable<Address[]> {
    return this.#names.resolve(lookup, query);
  }

  fromClient(data: Observable<Buffer>, session: Session): Observable<Buffer> {
    if (!session.datagrams) return data;
    // Done here and not in `inherit`: after that the reload may still be refused.
    this.#state.resize(this.options);
    if (this.#fresh) this.#state.answers.clear();
    this.#fresh = false;
    return data.pipe(each((query) => this.#relay.ask(query, session)));
  }

  fromUpstream(data: Observable<Buffer>, session: Session): Observable<Buffer> {
    if (!session.datagrams) return data;
    return new Observable((subscriber) => {
      const outlet = new Subject<Buffer>();
      const close = this.#state.open(session, outlet);
      const answers = data.pipe(each((answer) => this.#relay.hear(answer, session)));
      return answers.pipe(put(outlet), finalize(close)).subscribe(subscriber);
    });
  }

  /** Sends each query of the session through a leg of its own. */
  #safely(attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    const { queries } = this.#state;
    return attempt.pipe(
      map(({ endpoint, leg }) => {
        this.#state.markSafe(session);
        return { endpoint, leg: new QueryLeg(leg, { attempt, queries, clock: this.clock }) };
      }),
    );
  }

  #relayOf(state: DnsState): DnsRelay {
    const hits = this.metrics.counter("sluice_dns_cache_hits_total");
    const misses = this.metrics.counter("sluice_dns_cache_misses_total");
    return new DnsRelay(state, { options: this.options, clock: this.clock, hits, misses });
  }
}

/**
 * Caches the addresses of upstream names, and on a UDP listener the answers to DNS queries.
 *
 * @example plugins: [dnsCache({ maxTtl: "10m" })]
 */
export const dnsCache: PluginFactory<DnsCacheConfig> = definePlugin("dnsCache", DnsCache, dnsCacheSchema);
