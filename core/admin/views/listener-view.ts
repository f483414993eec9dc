import {
  hookNames,
  SluiceError,
  type HookName,
  type OnError,
  type Plugin,
  type ResolvedListener,
  type ResolvedUse,
} from "../../contract/index.ts";
import type { ListenerStatus } from "../../runtime/proxy/proxy-status.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { pluginTraffic, type PluginTraffic } from "./traffic.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** A plugin use of a listener, as the API shows it. */
export interface PluginView {
  readonly name: string;
  /** The id of the plugin. */
  readonly id: string;
  readonly enabled: boolean;
  /** Whether an override changes what the config says. */
  readonly overridden: boolean;
  readonly onError: OnError;
  /** The options as the plugin gets them, without secrets. */
  readonly options: unknown;
  /** Its place in the config: `listeners.web.plugins[2]`. */
  readonly path: string;
  /** The generation that made the instance; undefined: the use is disabled. */
  readonly generation: number | undefined;
  /** Whether its `inherit` has taken over the state of the previous instance. */
  readonly inherited: boolean;
  /** The hooks that the plugin has. */
  readonly hooks: readonly HookName[];
  /** Exceptions in its hooks. */
  readonly errors: number;
  readonly fromClient: PluginTraffic | undefined;
  readonly fromUpstream: PluginTraffic | undefined;
}

interface UpstreamView {
  /** As written in the config. */
  readonly endpoints: readonly string[];
  /** The name of the policy, or `function`. */
  readonly balance?: unknown;
  readonly [option: string]: unknown;
}

export interface ListenerView extends Omit<ListenerStatus, "plugins"> {
  readonly plugins: readonly PluginView[];
  /** The upstream, without secrets. Undefined: there is none, and a plugin answers. */
  readonly upstream: UpstreamView | undefined;
  readonly reload: ResolvedListener["reload"];
}

export function listenerViews(proxy: Proxy): readonly ListenerView[] {
  const { config } = proxy.steering;
  return proxy.status().listeners.flatMap(({ plugins: _names, ...status }) => {
    const own = config?.listeners.find(({ name }) => name === status.name);
    if (own === undefined) return [];
    const plugins = own.declared.map((use) => pluginView(proxy, status.name, use));
    return [{ ...status, plugins, upstream: upstreamView(own), reload: own.reload }];
  });
}

/** @throws SLUICE_ADMIN_UNKNOWN */
export function listenerView(proxy: Proxy, listener: string): ListenerView {
  const views = listenerViews(proxy);
  const found = views.find(({ name }) => name === listener);
  if (found !== undefined) return found;
  throw new SluiceError(
    "SLUICE_ADMIN_UNKNOWN",
    `there is no listener "${listener}": there are ${views.map(({ name }) => name).join(", ")}`,
  );
}

/** @throws SLUICE_ADMIN_UNKNOWN */
export function pluginOf(view: ListenerView, plugin: string): PluginView {
  const found = view.plugins.find(({ name }) => name === plugin);
  if (found !== undefined) return found;
  const names = view.plugins.map(({ name }) => name).join(", ");
  throw new SluiceError(
    "SLUICE_ADMIN_UNKNOWN",
    `listener "${view.name}" has no plugin "${plugin}": it has ${names === "" ? "none" : names}`,
  );
}

function pluginView(proxy: Proxy, listener: string, { name, path, use, options }: ResolvedUse): PluginView {
  const meters = proxy.inner.state.meters.find(listener, name);
  const { plugin, generation, inherited } = liveUse(proxy, listener, name);
  return {
    name,
    id: use.id,
    enabled: use.enabled,
    overridden: proxy.steering.overrides.some((each) => each.listener === listener && each.plugin === name),
    onError: use.onError,
    options: withoutSecrets(options),
    path,
    generation,
    inherited,
    hooks: hookNames.filter((hook) => typeof plugin?.[hook] === "function"),
    errors: proxy.inner.listeners.get(listener)?.counts.faults.total(name) ?? 0,
    fromClient: meters === undefined ? undefined : pluginTraffic(meters.fromClient),
    fromUpstream: meters === undefined ? undefined : pluginTraffic(meters.fromUpstream),
  };
}

/** The running instance; undefined if the use is disabled. */
function liveUse(
  proxy: Proxy,
  listener: string,
  name: string,
): { plugin: Plugin | undefined } & Pick<PluginView, "generation" | "inherited"> {
  const pipeline = proxy.inner.listeners.get(listener)?.version.pipeline;
  const live = pipeline?.pipeline.plugins.find((each) => each.use.name === name);
  if (live === undefined) return { plugin: undefined, generation: undefined, inherited: false };
  return { plugin: live.plugin, generation: pipeline?.generation, inherited: live.inherited === true };
}

function upstreamView({ upstream }: ResolvedListener): UpstreamView | undefined {
  if (upstream === undefined) return undefined;
  const { endpoints, ...rest } = upstream;
  return { endpoints: endpoints.map(({ text }) => text), ...(withoutSecrets(rest) as object) };
}
