import {
  isOptions,
  SluiceError,
  type GenerationOrigin,
  type Override,
  type ResolvedConfig,
  type ResolvedUse,
} from "../../contract/index.ts";
import { useOf, withOverrides } from "../../config/check/with-overrides.ts";

/** What to make a generation of. */
export interface GenerationSource {
  /** The config of the file or the program. */
  readonly base: ResolvedConfig;
  /** The overrides for plugin uses that it has. */
  readonly overrides: readonly Override[];
  /** `base` with the overrides. */
  readonly config: ResolvedConfig;
  readonly origin: GenerationOrigin;
  /** Messages about overrides that were dropped, since the plugin no longer accepts their options. */
  readonly dropped: readonly string[];
}

/** What an override changes. Undefined properties stay as they are. */
export type OverrideChange = Pick<Override, "enabled" | "options">;

/**
 * Another config with the overrides that are in force. Overrides of uses that it does not have are removed. An override whose options the plugin no
 * longer accepts is dropped: a save must not be refused for something that is not in the file.
 */
export function rebased(base: ResolvedConfig, overrides: readonly Override[]): GenerationSource {
  const dropped: string[] = [];
  const kept = overrides
    .flatMap((given) => withoutAgreement(base, given))
    .filter((override) => {
      try {
        withOverrides(base, [override]);
        return true;
      } catch (error) {
        dropped.push(`the override of ${nameOf(override)} is dropped: ${SluiceError.is(error) ? error.detail : String(error)}`);
        return false;
      }
    });
  return { base, overrides: kept, config: withOverrides(base, kept), origin: "config", dropped };
}

/**
 * Adds an override, or extends an existing one. What agrees with the config is not kept as an override.
 *
 * @param change undefined: takes the override back
 * @throws SLUICE_ADMIN_UNKNOWN if the config has no such use, or if there is no such override to take back
 */
export function overriding(
  now: GenerationSource,
  place: Pick<Override, "listener" | "plugin">,
  change: OverrideChange | undefined,
): GenerationSource {
  const { base } = now;
  const others = now.overrides.filter((each) => !isAt(each, place));
  const own = now.overrides.find((each) => isAt(each, place));
  const next = change === undefined ? undefined : merged(base, { ...place, ...own }, change);
  if (change === undefined && own === undefined) throw noOverride(place, now.overrides);
  const overrides = next === undefined ? others : [...others, next];
  return { base, overrides, config: withOverrides(base, overrides), origin: "override", dropped: [] };
}

function merged(base: ResolvedConfig, before: Override, change: OverrideChange): Override | undefined {
  const use = useOf(base, before);
  if (use === undefined) throw new SluiceError("SLUICE_ADMIN_UNKNOWN", unknownUse(base, before));
  const enabled = change.enabled ?? before.enabled;
  const options = change.options === undefined ? before.options : together(before.options, change.options);
  return differing(use, { ...before, ...(enabled === undefined ? {} : { enabled }), ...(options === undefined ? {} : { options }) });
}

/** The part of an override that differs from the config; empty if a save now says the same. */
function withoutAgreement(base: ResolvedConfig, override: Override): readonly Override[] {
  const use = useOf(base, override);
  const left = use === undefined ? undefined : differing(use, override);
  return left === undefined ? [] : [left];
}

function differing({ use }: ResolvedUse, { listener, plugin, enabled, options }: Override): Override | undefined {
  const next = {
    listener,
    plugin,
    ...(enabled === undefined || enabled === use.enabled ? {} : { enabled }),
    ...(options === undefined || Object.keys(options).length === 0 ? {} : { options }),
  };
  return "enabled" in next || "options" in next ? next : undefined;
}

/** The error for an override that does not exist (any more). */
export function noOverride(place: Pick<Override, "listener" | "plugin">, overrides: readonly Override[]): SluiceError {
  const known = overrides.length === 0 ? "none" : overrides.map(nameOf).join(", ");
  return new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no override of ${nameOf(place)} (any more): there are ${known}`);
}

function unknownUse(base: ResolvedConfig, { listener, plugin }: Pick<Override, "listener" | "plugin">): string {
  const own = base.listeners.find(({ name }) => name === listener);
  if (own === undefined) return `there is no listener "${listener}": there are ${namesOf(base.listeners)}`;
  return `listener "${listener}" has no plugin "${plugin}": it has ${namesOf(own.declared)}`;
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.length === 0 ? "none" : all.map(({ name }) => name).join(", ");
}

function isAt(override: Override, { listener, plugin }: Pick<Override, "listener" | "plugin">): boolean {
  return override.listener === listener && override.plugin === plugin;
}

function nameOf({ listener, plugin }: Pick<Override, "listener" | "plugin">): string {
  return `${listener}/${plugin}`;
}

/** Two merge patches as one. The second takes precedence. */
function together(first: unknown, second: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = isOptions(first) ? { ...first } : {};
  for (const [key, value] of Object.entries(second))
    result[key] = isOptions(value) ? together(result[key], value as Readonly<Record<string, unknown>>) : value;
  return result;
}
