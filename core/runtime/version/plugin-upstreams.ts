import { defer, type Observable } from "rxjs";
import {
  SluiceError,
  upstreamTarget,
  type ChosenEndpoint,
  type Endpoints,
  type UpstreamConfig,
  type Upstreams,
  type UpstreamTarget,
} from "../../contract/index.ts";
import type { Balancer } from "../../net/balance/balancer.ts";
import type { EndpointDialer } from "../../net/dial/dialer.ts";
import type { Dialers } from "./dialers.ts";

const MOST_KNOWN = 1_000;

/** The value of UPSTREAMS for the plugins of one pipeline. A commit that keeps the pipeline may change its dialers. */
export class PluginUpstreams implements Upstreams {
  /** Endpoints, as written, that plugins asked for in addition to the listener's own; only the first ones, up to a limit. */
  readonly known = new Set<string>();

  /** The upstreams among them that have health checks. */
  readonly checked: UpstreamTarget[] = [];

  constructor(public dialers: Dialers) {}

  endpoints(target?: UpstreamTarget | UpstreamConfig): Endpoints {
    const own = this.dialers.listener;
    const settled = target === undefined ? own.upstream : isTarget(target) ? target : upstreamTarget(target);
    if (settled === undefined) throw new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${own.name}" has no upstream of its own`);
    if (target !== undefined) this.#note(settled);
    return new LiveEndpoints(this, target === undefined ? undefined : settled);
  }

  #note(target: UpstreamTarget): void {
    for (const { text } of target.endpoints) if (this.known.size < MOST_KNOWN) this.known.add(text);
    if (target.health === undefined || this.checked.length >= MOST_KNOWN) return;
    this.checked.push(target);
    this.dialers.checksChanged();
  }

  /** @param target undefined: the listener's upstream, which a commit may change */
  open(target: UpstreamTarget | undefined, before?: Balancer): EndpointDialer | undefined {
    const wanted = target ?? this.dialers.listener.upstream;
    return wanted === undefined ? undefined : this.dialers.endpointsOf(wanted, before);
  }
}

/** Endpoints that follow the dialers: names and timeouts of a new generation apply from the next choice. */
class LiveEndpoints implements Endpoints {
  #dialers: Dialers;
  #endpoints: EndpointDialer | undefined;

  constructor(
    private readonly owner: PluginUpstreams,
    private readonly target: UpstreamTarget | undefined,
  ) {
    this.#dialers = owner.dialers;
    this.#endpoints = owner.open(target);
  }

  choose(...who: Parameters<Endpoints["choose"]>): ChosenEndpoint {
    return this.#current().choose(...who);
  }

  wait(...[tried, session, request]: Parameters<Endpoints["wait"]>): Observable<ChosenEndpoint> {
    return defer(() => this.#current().wait(tried, session, request, () => this.#current()));
  }

  #current(): EndpointDialer {
    if (this.#dialers !== this.owner.dialers) {
      this.#dialers = this.owner.dialers;
      const before = this.#endpoints;
      this.#endpoints = this.owner.open(this.target, before?.balancer) ?? before;
      const next = this.#endpoints?.way;
      if (next !== undefined) before?.way?.replacedBy(next);
    }
    if (this.#endpoints === undefined)
      throw new SluiceError("SLUICE_UPSTREAM_MISSING", `listener "${this.#dialers.listener.name}" has no upstream`);
    return this.#endpoints;
  }
}

/** The endpoints of a config may be objects too, but only a settled one has its text. */
function isTarget(target: UpstreamTarget | UpstreamConfig): target is UpstreamTarget {
  if (typeof target !== "object" || !("endpoints" in target)) return false;
  const [first] = target.endpoints;
  return typeof first === "object" && "text" in first;
}
