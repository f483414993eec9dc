import { throwError, type Observable } from "rxjs";
import { LRUCache } from "lru-cache";
import {
  SluiceError,
  upstreamKey,
  upstreamTarget,
  type ResolvedListener,
  type Session,
  type Upstream,
  type UpstreamConfig,
} from "../../contract/index.ts";
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
    const chosen = [...this.#retargets.values()].flatMap(({ target }) => target.endpoints);
    const all = [...(this.config.upstream?.endpoints ?? []), ...chosen].map(({ text }) => text);
    return [...new Set([...all, ...this.pipeline.upstreams.known])];
  }

  /** One session's attempts at its upstream, below every connect hook. @param retarget where a plugin sent it */
  attempts(retarget: UpstreamConfig | undefined, session: Session): Observable<Upstream> {
    const dialer = retarget === undefined ? this.#dialer : this.#retargeted(retarget);
    if (dialer !== undefined) return dialer.attempts(undefined, session);
    return throwError(
      () => new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${this.config.name}" has no upstream, and no plugin answered`),
    );
  }

  #retargeted(config: UpstreamConfig): Dialer {
    const key = upstreamKey(config);
    const known = this.#retargets.get(key) ?? this.dialers.dialerOf(upstreamTarget(config), "retarget");
    this.#retargets.set(key, known);
    return known;
  }
}
