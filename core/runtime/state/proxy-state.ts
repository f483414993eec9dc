import type {
  Counter,
  Limits,
  Metrics,
  ResolvedConfig,
  ResolvedListenerTimeouts,
  Session,
  SluiceError,
  Timeouts,
} from "../../contract/index.ts";
import type { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import type { HealthPeers } from "../../net/balance/endpoints/health-peers.ts";
import { HealthChecks } from "../../net/health/health-checks.ts";
import { createEndpointBook } from "./endpoint-book.ts";
import type { EventHub } from "./event-hub.ts";
import { MeterBook } from "./meter-book.ts";
import { nothingElsewhere, type Elsewhere, type Neighbours } from "./neighbours.ts";
import { ReloadCounts } from "./reload-counts.ts";
import { UpstreamBook } from "./upstream-counts.ts";
import { AttachedPlugins } from "../version/attached-plugins.ts";
import type { CountedElsewhere } from "../session/client-count.ts";
import { SessionSet } from "../session/session-set.ts";

/** The state that all listeners of a proxy share. A commit replaces its limits and timeouts. */
export class ProxyState {
  /** Open stream sessions, which `limits.sessions` limits. Datagram flows are limited by their own table. */
  readonly sessions = new SessionSet();
  readonly flows = new SessionSet();
  /** Other processes that serve the same listeners. */
  neighbours: Neighbours | undefined;
  /** Which of several processes this is. */
  worker: number | undefined;
  readonly opened: Counter;
  readonly closed: Counter;
  readonly refused: Counter;
  readonly dropped: Counter;
  readonly injectedDropped: Counter;
  readonly faults: Counter;
  /** Counts sessions that could not follow a reload. */
  readonly swapsFailed: Counter;
  /** The state of all endpoints. */
  readonly health: HealthBook;
  /** The health checks of endpoints. */
  readonly checks: HealthChecks;
  /** Counts of connections to upstreams. */
  readonly upstreams = new UpstreamBook();
  /** Counts of reloads. */
  readonly reloads: ReloadCounts;
  /** Counts of what plugins do to data. */
  readonly meters = new MeterBook();
  /** Plugins that watch sessions without being in their pipelines. */
  readonly attached = new AttachedPlugins();
  /** The shortest idle timeout of all listeners, in milliseconds. */
  shortestIdle: number;
  readonly #warned = new Set<string>();

  constructor(
    public limits: Limits,
    public timeouts: Timeouts,
    readonly hub: EventHub,
    metrics: Metrics,
  ) {
    this.shortestIdle = shortestOf(timeouts);
    this.opened = metrics.counter("sluice_sessions_total");
    this.closed = metrics.counter("sluice_sessions_ended_total");
    this.refused = metrics.counter("sluice_sessions_refused_total");
    this.dropped = metrics.counter("sluice_datagrams_dropped_total");
    this.injectedDropped = metrics.counter("sluice_injected_dropped_total");
    this.swapsFailed = metrics.counter("sluice_swaps_failed_total");
    this.reloads = new ReloadCounts(hub.lifecycle);
    this.health = createEndpointBook(hub, { metrics, upstreams: this.upstreams }, (listener, message) => {
      this.warn(listener, message);
    });
    this.checks = new HealthChecks(this.health);
    this.faults = metrics.counter("sluice_plugin_faults_total");
  }

  /** Whether `limits.sessions` is reached, so that no further stream session may begin. */
  get isFull(): boolean {
    return this.sessions.size + this.elsewhere.sessions >= this.limits.sessions;
  }

  get elsewhere(): Elsewhere {
    return this.neighbours?.elsewhere ?? nothingElsewhere;
  }

  /** The other processes that count the clients of a listener too. */
  clientsElsewhere(listener: string): CountedElsewhere | undefined {
    const { neighbours } = this;
    if (neighbours === undefined) return undefined;
    return {
      counted: (client, sessions) => {
        neighbours.counted(listener, client, sessions);
      },
      sessionsOf: (client) => neighbours.sessionsOf(listener, client),
    };
  }

  /** Other processes serve the same listeners. */
  join(worker: number, neighbours: Neighbours, peers: HealthPeers): void {
    this.worker = worker;
    this.neighbours = neighbours;
    this.health.join(peers);
    this.checks.isHere = () => peers.checks;
  }

  /** The set that a session belongs to. */
  of({ datagrams }: { readonly datagrams: boolean }): SessionSet {
    return datagrams ? this.flows : this.sessions;
  }

  /** Takes the options of a new generation. */
  configure({ limits, timeouts, listeners }: Pick<ResolvedConfig, "limits" | "timeouts" | "listeners">): void {
    this.limits = limits;
    this.timeouts = timeouts;
    this.meters.keepOnly(listeners);
    this.upstreams.keepOnly(listeners);
    this.shortestIdle = Math.min(...[timeouts, ...listeners.map((listener) => listener.timeouts)].map(shortestOf));
  }

  fault(listener: string, plugin: string, error: SluiceError, session: Session | undefined): void {
    this.faults.inc();
    this.hub.lifecycle.next({ type: "plugin-fault", listener, plugin, session, error });
  }

  /** Warns once per listener and message: one warning for each session would be too many. */
  warn(listener: string | undefined, message: string): void {
    const key = `${listener ?? ""} ${message}`;
    if (this.#warned.has(key) || this.#warned.size > 1000) return;
    this.#warned.add(key);
    this.hub.lifecycle.next({ type: "warning", listener, message });
  }
}

/** Zero is not waited for. */
function shortestOf({ idle = Infinity, halfClosed = Infinity }: ResolvedListenerTimeouts = {}): number {
  return Math.min(idle, halfClosed === 0 ? Infinity : halfClosed);
}
