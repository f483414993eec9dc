import { asyncScheduler, Subject } from "rxjs";
import { socketAddress } from "../../core/contract/address.ts";
import {
  CLOCK,
  EVENTS,
  EXCHANGE,
  LOGGER,
  METRICS,
  PLACE,
  RESOLVER,
  UPSTREAMS,
  type Exchange,
  type ProxyEvent,
  type Session,
  type Transport,
} from "../../core/contract/index.ts";
import { resolveConfig } from "../support/resolve-config.ts";
import { constructPlugin, createContainer } from "../../core/pipeline/construct.ts";
import type { LivePlugin } from "../../core/pipeline/live-plugin.ts";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createMetrics } from "../../core/runtime/state/metrics.ts";
import type { PluginUse } from "sluice";

/** One instance of a plugin, built as a generation builds it, without a proxy around it. */
export interface PluginBench extends LivePlugin {
  readonly session: Session;
  /** Ends the session. */
  end(): void;
}

/** @param folder where relative paths of options start, and where the plugin may leave files */
export function createPluginBench(use: PluginUse, transport: Transport, folder: string): PluginBench {
  const datagrams = transport === "udp";
  const listen = transport === "unix" ? `unix://${folder}/socket` : `${transport}://127.0.0.1:0`;
  const { listeners } = resolveConfig({ listeners: { web: { listen, upstream: "127.0.0.1:9", plugins: [use] } } });
  const resolved = listeners[0]?.uses[0];
  if (resolved === undefined) throw new Error("the config has no plugin");
  const events = new Subject<ProxyEvent>();
  const bindings = [
    { token: CLOCK, value: asyncScheduler },
    { token: METRICS, value: createMetrics() },
    { token: LOGGER, value: createLogger({ level: "silent" }) },
    { token: RESOLVER, value: { resolve: () => events } },
    { token: EVENTS, value: events },
    { token: EXCHANGE, value: ((_request, attempt) => attempt) satisfies Exchange },
    { token: UPSTREAMS, value: { endpoints: () => ({}) } },
    { token: PLACE, value: { listener: "web", transport, datagrams, plugin: resolved.name, folder } },
  ];
  const site = { listener: "web", file: undefined, locate: () => undefined };
  const ending = new AbortController();
  const session: Session = {
    id: 1,
    listener: "web",
    transport,
    datagrams,
    client: socketAddress("192.0.2.1", 50_000, "IPv4"),
    peer: socketAddress("192.0.2.1", 50_000, "IPv4"),
    local: socketAddress("127.0.0.1", 8_080, "IPv4"),
    generation: 1,
    startedAt: Date.now(),
    upstream: "192.0.2.9:80",
    tls: undefined,
    fromClient: { bytes: 0, chunks: 0 },
    fromUpstream: { bytes: 0, chunks: 0 },
    notes: new Map(),
    signal: ending.signal,
    readFirst: () => Promise.reject(new Error("this session has no socket")),
    reply: () => undefined,
    retarget: () => undefined,
    setClient: () => undefined,
    startTls: () => Promise.reject(new Error("this session has no socket")),
    close: () => undefined,
  };
  const built = constructPlugin(createContainer(bindings), resolved, [], site);
  return { ...built, session, end: () => ending.abort() };
}
