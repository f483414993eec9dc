import type { ListenerConfig, PluginUse, SluiceConfig } from "sluice";
import type { Cleanup } from "./cleanup.ts";
import { connect } from "./sockets.ts";
import { startProxy } from "./with-proxy.ts";
import type { TestProxy } from "./with-proxy.ts";
import type { Socket } from "node:net";
import { startUpstream, type TestUpstream, type UpstreamKind } from "sluice/testing";

export interface Forward extends TestProxy {
  readonly upstream: TestUpstream;
  /** The config it runs with, with other plugins. */
  readonly config: (plugins: readonly PluginUse[], more?: Partial<ListenerConfig>) => SluiceConfig;
}

export interface ForwardOptions extends Omit<Partial<SluiceConfig>, "listeners" | "plugins"> {
  readonly plugins?: readonly PluginUse[];
  readonly listener?: Partial<ListenerConfig>;
  /** Reaches the upstream by this name, which is pinned to 127.0.0.1. @default by address */
  readonly upstreamName?: string;
}

/** Starts an upstream and a TCP proxy in front of it, with a listener named `web`; both are closed by the cleanup. */
export async function startForward(
  cleanup: Cleanup,
  behave: UpstreamKind | ((socket: Socket) => void),
  { plugins = [], listener = {}, upstreamName, ...rest }: ForwardOptions = {},
): Promise<Forward> {
  const upstream = cleanup.keep(await startUpstream(behave));
  const host = upstreamName ?? "127.0.0.1";
  const config: Forward["config"] = (uses, more = {}) => ({
    ...rest,
    ...(upstreamName === undefined ? {} : { dns: { hosts: { [upstreamName]: ["127.0.0.1"] } } }),
    listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `${host}:${upstream.port}`, ...listener, ...more, plugins: uses } },
  });
  const started = cleanup.keep(await startProxy(config(plugins)));
  return { ...started, upstream, config };
}

/** The same in front of an echo, with a connection open through it. */
export async function openForward(cleanup: Cleanup, plugins: readonly PluginUse[]): Promise<Forward & { readonly client: Socket }> {
  const started = await startForward(cleanup, "echo", { plugins });
  return { ...started, client: cleanup.keep(await connect(started.port())) };
}
