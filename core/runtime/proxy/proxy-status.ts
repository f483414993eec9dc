import type { Logger, Metrics, Override, Transport, TrialView } from "../../contract/index.ts";
import { endpointStatus, type EndpointStatus } from "../state/endpoint-book.ts";
import type { Listener } from "../listener/listener.ts";
import type { ProxyLog } from "../log/logger.ts";
import type { ProxyState } from "../state/proxy-state.ts";

/** The state of one listener. */
export interface ListenerStatus {
  readonly name: string;
  readonly url: string;
  readonly transport: Transport;
  /** Open sessions. */
  readonly sessions: number;
  /** Open sessions that could not follow a reload, because a byte hook threw when it was called. */
  readonly behind: number;
  /** The names of its plugins, from the client's side. */
  readonly plugins: readonly string[];
}

/** What `sluice status` shows. */
export interface ProxyStatus {
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly pid: number;
  readonly listeners: readonly ListenerStatus[];
  /** The endpoints of all listeners, including those that their plugins use. */
  readonly upstreams: readonly EndpointStatus[];
  readonly counters: Readonly<Record<string, number>>;
  /** What differs from the config. */
  readonly overrides: readonly Override[];
  /** A save that some sessions try; undefined: none. */
  readonly trial?: TrialView;
  /** Resident bytes of the process, or of all processes together. */
  readonly memory: number;
  /** With several processes: those that serve. `pid` above is the first process, which serves nothing. */
  readonly workers?: readonly WorkerStatus[];
}

/** One of the processes that serve. */
interface WorkerStatus {
  readonly pid: number;
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Open sessions. */
  readonly sessions: number;
  /** Resident bytes. */
  readonly memory: number;
}

/** The parts of a proxy. */
export interface ProxyParts {
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly state: ProxyState;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Undefined if a program has a logger of its own. */
  readonly log: ProxyLog | undefined;
}

/** The state of a proxy now. */
export function statusOf(
  { listeners: bound, state, metrics }: ProxyParts,
  known: Pick<ProxyStatus, "generation" | "startedAt" | "overrides" | "trial">,
): ProxyStatus {
  const running = [...bound.values()];
  const listeners = running.map(({ name, url, transport, sessions, behind, version }) => {
    return { name, url, transport, sessions, behind, plugins: version.config.uses.map((use) => use.name) };
  });
  const upstreams = endpointStatus(
    state.health,
    running.map(({ name, version }) => [name, version]),
  );
  const memory = process.memoryUsage.rss();
  return { ...known, pid: process.pid, listeners, upstreams, counters: metrics.snapshot(), memory };
}
