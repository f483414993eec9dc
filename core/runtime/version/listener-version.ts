import { throwError, type Observable } from "rxjs";
import { LRUCache } from "lru-cache";
import {
  SluiceError,
  upstreamKey,
  upstreamTarget,
  type ResolvedListener,
  type RetargetOptions,
  type Session,
  type Upstream,
  type UpstreamConfig,
  type UpstreamTarget,
} from "../../contract/index.ts";
import type { Balancer } from "../../net/balance/balancer.ts";
import type { CheckedEndpoint } from "../../net/health/health-check.ts";
import type { Dialer } from "../../net/dial/dialer.ts";
import type { LivePipeline } from "./live-pipeline.ts";
import type { Dialers } from "./dialers.ts";

/** Dialers that one listener keeps for upstreams that plugins chose at run time. */
const RETARGETS = 256;

/** What the new sessions of a listener get in one generation: a pipeline, and the dialers of its upstreams. */
export class ListenerVersion {
  readonly #dialer: Dialer | undefined;
  /** The endpoints that the config names, as written: those of the upstream, and those that plugins asked for in their setup. */
  readonly configured: ReadonlySet<string>;
  /** Dialers for the health checks of upstreams that plugins keep connections to. */
  #ofPlugins: Map<UpstreamTarget, Dialer> | undefined;
  readonly #retargets = new LRUCache<string, Dialer>({ max: RETARGETS });
  /** The balancers of upstreams that plugins chose in the previous generation: dialers of the same upstreams continue with them. */
  readonly #balancers: ReadonlyMap<string, Balancer>;
  /** The endpoints of those upstreams, as far as no config has named them. The next reload forgets what no session chose again. */
  readonly #chosenBefore: readonly string[];

  /** @throws SLUICE_CERTIFICATE_INVALID when a file of upstream.tls cannot be used */
  constructor(
    readonly config: ResolvedListener,
    readonly pipeline: LivePipeline,
    /** Makes the dialers of upstreams. */
    readonly dialers: Dialers,
    /** The listener in the previous generation. */
    before: ListenerVersion | undefined,
  ) {
    const retargets = before === undefined ? [] : [...before.#retargets.entries()];
    this.#balancers = new Map(retargets.map(([key, { balancer }]) => [key, balancer]));
    this.#chosenBefore = textsOf(retargets.map(([, dialer]) => dialer)).filter((text) => before?.configured.has(text) !== true);
    this.configured = new Set([...(config.upstream?.endpoints ?? []).map(({ text }) => text), ...pipeline.upstreams.known]);
    this.#dialer =
      config.upstream === undefined ? undefined : dialers.dialerOf(config.upstream, `listeners.${config.name}.upstream`, before?.balancer);
  }

  /** A commit has put it in the place of another one: sessions that wait for room at its upstream now wait for room at this one's. */
  replaces(before: ListenerVersion): void {
    const next = this.#dialer?.way;
    if (next !== undefined) before.#dialer?.way?.replacedBy(next);
    this.dialers.committed();
  }

  /** The balancer of the config's upstream, for the next generation. */
  get balancer(): Balancer | undefined {
    return this.#dialer?.balancer;
  }

  /** The endpoints of the listener as written: the upstream's, those that plugins chose, and those that plugins keep connections to. */
  get endpoints(): readonly string[] {
    const own = (this.config.upstream?.endpoints ?? []).map(({ text }) => text);
    return [...new Set([...own, ...this.#chosenBefore, ...textsOf(this.#retargets.values()), ...this.pipeline.upstreams.known])];
  }

  /** The health checks: of the upstream, of upstreams that plugins chose, and of those that they keep connections to. */
  get checks(): readonly CheckedEndpoint[] {
    const own = this.#dialer === undefined ? [] : [this.#dialer];
    this.#ofPlugins ??= new Map();
    for (const target of this.pipeline.upstreams.checked)
      if (!this.#ofPlugins.has(target)) this.#ofPlugins.set(target, this.dialers.endpointsOf(target));
    return [...own, ...this.#retargets.values(), ...this.#ofPlugins.values()].flatMap((dialer) => this.dialers.checksOf(dialer));
  }

  /**
   * One session's attempts at its upstream, below every connect hook.
   *
   * @param retarget the upstream that a plugin sent it to
   * @param refuse addresses that the plugin does not want to be dialled
   */
  attempts(retarget: UpstreamConfig | undefined, session: Session, refuse?: RetargetOptions["refuse"]): Observable<Upstream> {
    const dialer = retarget === undefined ? this.#dialer : this.#retargeted(retarget);
    if (dialer !== undefined) return dialer.attempts(undefined, session, refuse);
    return throwError(
      () => new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${this.config.name}" has no upstream, and no plugin answered`),
    );
  }

  #retargeted(config: UpstreamConfig): Dialer {
    const key = upstreamKey(config);
    const known = this.#retargets.get(key) ?? this.dialers.dialerOf(upstreamTarget(config), "retarget", this.#balancers.get(key));
    const isNew = !this.#retargets.has(key);
    this.#retargets.set(key, known);
    if (isNew && known.target.health !== undefined) this.dialers.checksChanged();
    return known;
  }
}

function textsOf(dialers: Iterable<Dialer>): readonly string[] {
  return Array.from(dialers).flatMap(({ target }) => target.endpoints.map(({ text }) => text));
}
