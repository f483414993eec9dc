import type { SluiceError } from "../contract/index.ts";
import type { LivePlugin } from "./live-plugin.ts";
import { pluginError, type PluginSite } from "./plugin-error.ts";
import { withinSetup } from "./within-setup.ts";

/**
 * Runs the `setup` of plugins, one after the other, each within `timeout` milliseconds.
 * @throws SLUICE_PLUGIN_SETUP, or the SluiceError that a plugin threw itself
 */
export async function setupPlugins(plugins: readonly LivePlugin[], timeout: number, site: PluginSite): Promise<void> {
  for (const { plugin, use } of plugins) {
    if (plugin.setup === undefined) continue;
    try {
      // One after the other, because a plugin may need what an earlier one set up.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await withinSetup(Promise.resolve(plugin.setup()), timeout);
    } catch (error) {
      throw pluginError(error, { code: "SLUICE_PLUGIN_SETUP", use, step: "setup()" }, site);
    }
  }
}

/**
 * Hands over the state of replaced instances, to those with the same name and id. It is one synchronous step; a later rejection of an `inherit`
 * that was declared async is reported.
 *
 * @param previous by name
 * @throws SLUICE_PLUGIN_SETUP
 */
export function inheritState(
  next: readonly LivePlugin[],
  previous: ReadonlyMap<string, LivePlugin>,
  site: PluginSite,
  failed: (plugin: string, error: SluiceError) => void,
): void {
  for (const live of next) {
    const { plugin, use } = live;
    const before = previous.get(use.name);
    if (before === undefined || before.use.use.id !== use.use.id) continue;
    try {
      const given: unknown = plugin.inherit?.(before.plugin);
      if (plugin.inherit !== undefined) live.inherited = true;
      if (given instanceof Promise)
        given.catch((error: unknown) => {
          failed(use.name, pluginError(error, { code: "SLUICE_PLUGIN_FAILED", use, step: "inherit()" }, site));
        });
    } catch (error) {
      throw pluginError(error, { code: "SLUICE_PLUGIN_SETUP", use, step: "inherit()" }, site);
    }
  }
}

/** Runs every `teardown`; one that fails is reported and does not stop the others. */
export async function teardownPlugins(
  plugins: readonly LivePlugin[],
  timeout: number,
  site: PluginSite,
  failed: (plugin: string, error: SluiceError) => void,
): Promise<void> {
  await Promise.all(
    plugins.map(async ({ plugin, use }) => {
      try {
        await withinSetup(Promise.resolve(plugin.teardown?.()), timeout);
      } catch (error) {
        failed(use.name, pluginError(error, { code: "SLUICE_PLUGIN_FAILED", use, step: "teardown()" }, site));
      }
    }),
  );
}
