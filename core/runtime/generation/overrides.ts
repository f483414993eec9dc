import {
  isOptions,
  SluiceError,
  type GenerationOrigin,
  type Override,
  type ResolvedConfig,
  type ResolvedUse,
} from "../../contract/index.ts";
import { useOf, withOverrides } from "../../config/check/with-overrides.ts";

/** What a generation is to be made of. */
export interface Wanted {
  /** As the file or the program says. */
  readonly base: ResolvedConfig;
  /** Those that it has uses for. */
  readonly overrides: readonly Override[];
  /** `base`, overridden. */
  readonly config: ResolvedConfig;
  readonly origin: GenerationOrigin;
  /** Overrides that were dropped, since their options do not fit the plugin any more. */
  readonly dropped: readonly string[];
}

/** What an override changes; what is undefined stays. */
export type OverrideChange = Pick<Override, "enabled" | "options">;

/**
 * Another config under the overrides that are in force: those of uses that it does not have are gone, and one whose options do not fit its
 * plugin any more is dropped, since nobody who saves a file is to be refused for what is not in it.
 */
export function rebased(base: ResolvedConfig, overrides: readonly Override[], origin: GenerationOrigin): Wanted {
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
  return { base, overrides: kept, config: withOverrides(base, kept), origin, dropped };
}

/**
 * With one more override, or one that says more than before. What it has in common with the config is no override.
 *
 * @param change undefined: it is taken back
 * @throws SLUICE_ADMIN_UNKNOWN when the config has no such use, or there is no such override to take back
 */
export function overriding(now: Wanted, place: Pick<Override, "listener" | "plugin">, change: OverrideChange | undefined): Wanted {
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

/** Of an override what differs from the config: nothing, where a save says the same by now. */
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

/** What is said where an override is asked for that there is not, or not any more. */
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

/** Two merge patches as one: what the second says goes first. */
function together(first: unknown, second: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = isOptions(first) ? { ...first } : {};
  for (const [key, value] of Object.entries(second))
    result[key] = isOptions(value) ? together(result[key], value as Readonly<Record<string, unknown>>) : value;
  return result;
}
