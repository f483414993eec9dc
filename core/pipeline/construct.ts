import { container as root, type DependencyContainer, type InjectionToken } from "tsyringe";
import {
  OPTIONS,
  reasonOf,
  SluiceError,
  type FunctionPlugin,
  type Inject,
  type InjectionKey,
  type Plugin,
  type Provider,
  type ResolvedUse,
} from "../contract/index.ts";
import { checkPlugin, checkSpelling } from "./check-plugin.ts";
import type { LivePlugin } from "./live-plugin.ts";
import { pluginError, type PluginSite } from "./plugin-error.ts";

/** A token and the value it stands for. */
export interface Binding {
  readonly token: InjectionKey<unknown>;
  readonly value: unknown;
}

/**
 * Makes a generation's container: the core's tokens, then the config's providers, which may replace them. It only constructs; the
 * core keeps the life cycle, because tsyringe's `dispose` does not order or await (ADR 0004).
 *
 * @throws SLUICE_PLUGIN_CONSTRUCT when a provider's factory throws, or the SluiceError that it threw itself
 */
export function createContainer(
  bindings: readonly Binding[],
  providers: readonly Provider[],
  { file, locate }: Pick<PluginSite, "file" | "locate">,
): DependencyContainer {
  const container = root.createChildContainer();
  for (const { token, value } of bindings) container.register(token as InjectionToken, { useValue: value });
  for (const [index, provider] of providers.entries()) {
    try {
      register(container, provider);
    } catch (error) {
      const path = `providers[${index}]`;
      const where = locate(error) ?? (file === undefined ? path : `${file}: ${path}`);
      if (SluiceError.is(error)) throw error.at(where);
      const detail = `the factory of the provider for ${String(provider.token)} failed: ${reasonOf(error)}`;
      throw new SluiceError("SLUICE_PLUGIN_CONSTRUCT", detail, { cause: error, where });
    }
  }
  return container;
}

function register(container: DependencyContainer, provider: Provider): void {
  const token = provider.token as InjectionToken;
  if ("useClass" in provider) container.registerSingleton(token, provider.useClass);
  else if ("useFactory" in provider) {
    const made = provider.useFactory();
    container.register(token, { useValue: made });
  } else container.register(token, { useValue: provider.useValue });
}

/**
 * Builds the instance of one plugin use in a container of its own.
 *
 * @param bindings what differs per use: OPTIONS, LOGGER, EVENTS, PLACE
 * @throws SLUICE_PLUGIN_CONSTRUCT
 */
export function constructPlugin(
  generation: DependencyContainer,
  resolved: ResolvedUse,
  bindings: readonly Binding[],
  site: PluginSite,
): LivePlugin {
  const { definition } = resolved.use;
  const container = generation.createChildContainer();
  container.register(OPTIONS as unknown as InjectionToken, { useValue: resolved.options });
  for (const { token, value } of bindings) {
    // A provider of the config wins: it is registered in the generation's container, and must not be hidden.
    if (generation.isRegistered(token as InjectionToken)) continue;
    container.register(token as InjectionToken, { useValue: value });
  }
  try {
    if (definition.isClass) {
      const Class = definition.make as new () => Plugin;
      const instance = container.resolve(Class);
      checkPlugin(instance);
      return { use: resolved, plugin: instance, borrows: (Class as { borrows?: boolean }).borrows === true };
    }
    const inject: Inject = <T>(token: InjectionKey<T> | string) => container.resolve<T>(token);
    const plugin = (definition.make as (options: unknown, inject: Inject) => FunctionPlugin)(resolved.options, inject);
    checkPlugin(plugin);
    checkSpelling(plugin);
    return { use: resolved, plugin, borrows: plugin.borrows === true };
  } catch (error) {
    throw pluginError(error, { code: "SLUICE_PLUGIN_CONSTRUCT", plugin: resolved.name, step: "its construction" }, site);
  }
}
