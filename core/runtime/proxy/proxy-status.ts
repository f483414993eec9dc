import type { Metrics, Transport } from "../../contract/index.ts";
import type { HealthBook } from "../../net/balance/health-book.ts";
import { endpointStatus, type EndpointStatus } from "../state/endpoint-book.ts";
import type { Listener } from "../listener/listener.ts";

export interface ListenerStatus {
  readonly name: string;
  readonly url: string;
  readonly transport: Transport;
  /** Open sessions. */
  readonly sessions: number;
  /** Those of them that could not follow a reload, because a byte hook threw when it was called. */
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
  /** The endpoints that they have, also those that their plugins use. */
  readonly upstreams: readonly EndpointStatus[];
  readonly counters: Readonly<Record<string, number>>;
  /** Resident bytes of the process. */
  readonly memory: number;
}

/** What a status is made of. */
export interface StatusParts {
  readonly generation: number;
  readonly startedAt: number;
  readonly running: readonly Listener[];
  readonly metrics: Metrics;
  readonly health: HealthBook;
}

/** The state of a proxy at this moment. */
export function statusOf({ generation, startedAt, running, metrics, health }: StatusParts): ProxyStatus {
  const listeners = running.map(({ name, url, transport, sessions, behind, version }) => {
    return { name, url, transport, sessions, behind, plugins: version.config.uses.map((use) => use.name) };
  });
  const upstreams = endpointStatus(
    health,
    running.map(({ name, version }) => [name, version]),
  );
  const memory = process.memoryUsage.rss();
  return { generation, startedAt, pid: process.pid, listeners, upstreams, counters: metrics.snapshot(), memory };
}
