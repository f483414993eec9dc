import { throwError, type Observable } from "rxjs";
import { LRUCache } from "lru-cache";
import { SluiceError, upstreamTarget, type ResolvedListener, type Upstream, type UpstreamConfig } from "../../contract/index.ts";
import type { Balancer } from "../../net/balance/balancer.ts";
import type { Dialer } from "../../net/dial/dialer.ts";
import type { LivePipeline } from "./live-pipeline.ts";
import type { Dialers } from "./dialers.ts";

/** Upstreams that plugins chose at run time, of which one listener keeps the dialer. */
const RETARGETS = 256;

/** What a listener gives its new sessions in one generation: a pipeline, and the dialers of its upstreams. */
export class ListenerVersion {
  readonly #dialer: Dialer | undefined;
  readonly #retargets = new LRUCache<string, Dialer>({ max: RETARGETS });

  /** @throws SLUICE_CERTIFICATE_INVALID when a file of upstream.tls cannot be used */
  constructor(
    readonly config: ResolvedListener,
    readonly pipeline: LivePipeline,
    /** How upstreams are reached. */
    readonly dialers: Dialers,
    /** The listener's balancer in the generation before. */
    before: Balancer | undefined,
  ) {
    this.#dialer =
      config.upstream === undefined ? undefined : dialers.dialerOf(config.upstream, `listeners.${config.name}.upstream`, before);
  }

  /** The balancer of the config's upstream, for the next generation. */
  get balancer(): Balancer | undefined {
    return this.#dialer?.balancer;
  }

  /** The endpoints of the listener as written: the upstream's, those that plugins chose, and those that plugins keep connections to. */
  get endpoints(): readonly string[] {
    const chosen = [...this.#retargets.keys()].flatMap((key) => upstreamTarget(JSON.parse(key) as UpstreamConfig).endpoints);
    const all = [...(this.config.upstream?.endpoints ?? []), ...chosen].map(({ text }) => text);
    return [...new Set([...all, ...this.pipeline.upstreams.known])];
  }

  /** One session's attempts at its upstream, below every connect hook. @param protocol that its client has agreed on through ALPN */
  attempts(retarget: UpstreamConfig | undefined, protocol: string | undefined): Observable<Upstream> {
    if (retarget !== undefined) return this.#retargeted(retarget).attempts(undefined, protocol);
    if (this.#dialer !== undefined) return this.#dialer.attempts(undefined, protocol);
    return throwError(
      () => new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${this.config.name}" has no upstream, and no plugin answered`),
    );
  }

  #retargeted(config: UpstreamConfig): Dialer {
    const key = JSON.stringify(config);
    const known = this.#retargets.get(key) ?? this.dialers.dialerOf(upstreamTarget(config), "retarget");
    this.#retargets.set(key, known);
    return known;
  }
}
