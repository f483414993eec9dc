// tsyringe needs it to be loaded first.
import "reflect-metadata";
import { container as root, type DependencyContainer, type InjectionToken } from "tsyringe";
import {
  OPTIONS,
  type FunctionPlugin,
  type Inject,
  type InjectionKey,
  type Plugin,
  type PluginClass,
  type ResolvedUse,
} from "../contract/index.ts";
import { checkPlugin, checkSpelling } from "./check-plugin.ts";
import type { LivePlugin } from "./live-plugin.ts";
import { pluginError, type PluginSite } from "./plugin-error.ts";

/** A token and its value. */
export interface Binding {
  readonly token: InjectionKey<unknown>;
  readonly value: unknown;
}

/**
 * Makes a generation's container, with the core's tokens. It only constructs; the core keeps the life cycle, because tsyringe's `dispose`
 * does not order or await (ADR 0004).
 */
export function createContainer(bindings: readonly Binding[]): DependencyContainer {
  const container = root.createChildContainer();
  for (const { token, value } of bindings) container.register(token as InjectionToken, { useValue: value });
  return container;
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
  // Most plugins that are functions inject nothing: a container costs more than they do.
  let own: DependencyContainer | undefined;
  const container = (): DependencyContainer => (own ??= containerOf(generation, resolved, bindings));
  try {
    if (definition.isClass) {
      const Class = definition.make as PluginClass;
      const instance = instanceOf(Class, container());
      checkPlugin(instance);
      checkSpelling(instance);
      return { use: resolved, plugin: instance, borrows: Class.borrows === true };
    }
    const inject: Inject = <T>(token: InjectionKey<T> | string) => container().resolve<T>(token);
    const plugin = (definition.make as (options: unknown, inject: Inject) => FunctionPlugin)(resolved.options, inject);
    checkPlugin(plugin);
    checkSpelling(plugin);
    return { use: resolved, plugin, borrows: plugin.borrows === true };
  } catch (error) {
    throw pluginError(error, { code: "SLUICE_PLUGIN_CONSTRUCT", use: resolved, step: "its construction" }, site);
  }
}

/** What one plugin use injects. */
function containerOf(generation: DependencyContainer, { options }: ResolvedUse, bindings: readonly Binding[]): DependencyContainer {
  const container = generation.createChildContainer();
  container.register(OPTIONS as unknown as InjectionToken, { useValue: options });
  for (const { token, value } of bindings) {
    // A provider of the config takes precedence: it is registered in the generation's container, and must not be hidden.
    if (generation.isRegistered(token as InjectionToken)) continue;
    container.register(token as InjectionToken, { useValue: value });
  }
  return container;
}

/**
 * Constructs a class: by its static list of tokens, else tsyringe reads its decorators. A class without a constructor of its own inherits the list
 * with the constructor.
 */
function instanceOf(Class: PluginClass, container: DependencyContainer): Plugin {
  const tokens = Object.hasOwn(Class, "inject") || Class.length === 0 ? Class.inject : undefined;
  if (tokens === undefined) return container.resolve(Class);
  return new Class(...tokens.map((token) => container.resolve<unknown>(token)));
}
