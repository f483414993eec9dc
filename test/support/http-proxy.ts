import type { ListenerConfig, PluginUse, SluiceConfig } from "sluice";
import { http } from "sluice/plugins";
import type { Cleanup } from "./cleanup.ts";
import { startProxy, type TestProxy } from "./with-proxy.ts";

export type HttpUse = NonNullable<Parameters<typeof http>[0]>;

export interface HttpProxy extends TestProxy {
  readonly config: (options: HttpUse, before?: readonly PluginUse[], more?: Partial<ListenerConfig>) => SluiceConfig;
}

export interface HttpProxyOptions extends Omit<Partial<SluiceConfig>, "listeners" | "plugins"> {
  /** Plugins before http(). */
  readonly before?: readonly PluginUse[];
  readonly listener?: Partial<ListenerConfig>;
}

/** Starts a proxy with a listener named `web` that serves HTTP; it is closed by the cleanup. */
export async function startHttpProxy(
  cleanup: Cleanup,
  options: HttpUse,
  { before = [], listener = {}, ...rest }: HttpProxyOptions = {},
): Promise<HttpProxy> {
  const config: HttpProxy["config"] = (use, uses = [], more = {}) => ({
    ...rest,
    listeners: { web: { listen: "tcp://127.0.0.1:0", ...listener, ...more, plugins: [...uses, http(use)] } },
  });
  const started = cleanup.keep(await startProxy(config(options, before)));
  return { ...started, config };
}
