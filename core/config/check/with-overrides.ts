import { optionPath, unknownKey, type Problem } from "../../contract/options/describe-issues.ts";
import {
  isOptions,
  SluiceError,
  type Override,
  type ResolvedConfig,
  type ResolvedListener,
  type ResolvedUse,
} from "../../contract/index.ts";
import { checkUse } from "./resolve-uses.ts";

/**
 * The config with the overrides applied. Overrides of uses that it does not have are skipped.
 *
 * @throws SLUICE_CONFIG_INVALID when the options of an override do not fit its plugin
 */
export function withOverrides(config: ResolvedConfig, overrides: readonly Override[]): ResolvedConfig {
  if (overrides.length === 0) return config;
  const problems: Problem[] = [];
  const listeners = config.listeners.map((listener) => overridden(listener, overrides, problems));
  if (problems.length === 0) return { ...config, listeners };
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  throw new SluiceError("SLUICE_CONFIG_INVALID", lines.join("\n"));
}

/** The plugin use that an override is for. */
export function useOf(config: ResolvedConfig, { listener, plugin }: Pick<Override, "listener" | "plugin">): ResolvedUse | undefined {
  return config.listeners.find(({ name }) => name === listener)?.declared.find(({ name }) => name === plugin);
}

function overridden(listener: ResolvedListener, overrides: readonly Override[], problems: Problem[]): ResolvedListener {
  const own = overrides.filter((override) => override.listener === listener.name);
  if (own.length === 0) return listener;
  const declared = listener.declared.map((use) => {
    const override = own.find(({ plugin }) => plugin === use.name);
    return override === undefined ? use : overriddenUse(use, override, problems);
  });
  return { ...listener, declared, uses: declared.filter(({ use }) => use.enabled) };
}

function overriddenUse(resolved: ResolvedUse, { listener, plugin, enabled, options }: Override, problems: Problem[]): ResolvedUse {
  const { use } = resolved;
  const changed = { ...use, enabled: enabled ?? use.enabled };
  if (options === undefined) return { ...resolved, use: changed };
  const path = ["overrides", listener, plugin];
  const misplaced = misplacedKeys(options, path);
  problems.push(...misplaced);
  if (misplaced.length > 0) return resolved;
  const patched = { ...changed, options: merged(use.options, options) };
  const checked = checkUse(patched, path, problems);
  if (use.definition.schema === undefined) problems.push(...unknownOptions(use.options, options, path));
  return { ...resolved, use: patched, options: checked.options };
}

/** What every factory takes beside the plugin's own options, and how it can be changed. */
const beside: Readonly<Record<string, string>> = {
  enabled: 'switch the plugin with `sluice toggle`, or with "enabled" beside "options"',
  name: "change it in the config",
  onError: "change it in the config",
};

function misplacedKeys(options: object, path: readonly string[]): Problem[] {
  const keys = Object.keys(options).filter((key) => Object.hasOwn(beside, key));
  return keys.map((key) => ({ path: optionPath([...path, key]), message: `is no option of the plugin: ${beside[key] ?? ""}` }));
}

/** A plugin without a schema says nothing about its options: it has those that the config gives it. */
function unknownOptions(given: unknown, options: object, path: readonly string[]): Problem[] {
  const known = isOptions(given) ? Object.keys(given) : [];
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  return unknown.map((key) => ({ path: optionPath([...path, key]), message: unknownKey(key, known) }));
}

/** Applies a JSON merge patch (RFC 7396). A value that is not a plain object, such as a Buffer or a Map, is replaced as a whole. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const result: Record<string, unknown> = isPlain(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isOptions(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
