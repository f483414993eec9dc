import type { Metrics, Transport } from "../contract/index.ts";
import type { Listener } from "./listener.ts";

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
  readonly counters: Readonly<Record<string, number>>;
  /** Resident bytes of the process. */
  readonly memory: number;
}

/** The state of a proxy at this moment. */
export function statusOf(generation: number, startedAt: number, running: Iterable<Listener>, metrics: Metrics): ProxyStatus {
  const listeners = Array.from(running, ({ name, url, transport, sessions, behind, terms }) => {
    return { name, url, transport, sessions, behind, plugins: terms.config.uses.map((use) => use.name) };
  });
  return { generation, startedAt, pid: process.pid, listeners, counters: metrics.snapshot(), memory: process.memoryUsage.rss() };
}
