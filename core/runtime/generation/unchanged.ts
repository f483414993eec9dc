import { isDeepStrictEqual } from "node:util";
import type { PluginDefinition, ResolvedUse } from "../../contract/index.ts";
import { sameGiven } from "./same-given.ts";

/**
 * Whether two lists of plugin uses run the same code with the same options, so that the plugins of the first can go on. Functions in options are
 * equal only if they are the same object, since the variables that they close over cannot be compared.
 */
export function sameUses(before: readonly ResolvedUse[], after: readonly ResolvedUse[]): boolean {
  return before.length === after.length && before.every((use, index) => sameUse(use, after[index]));
}

function sameUse(before: ResolvedUse, after: ResolvedUse | undefined): boolean {
  return (
    after !== undefined &&
    before.name === after.name &&
    before.use.onError === after.use.onError &&
    sameCode(before.use.definition, after.use.definition) &&
    // What a schema makes of options may keep them in private fields, as `networks()` does; and it may read a file, so that the same options mean another thing.
    sameGiven(before.use.options, after.use.options) &&
    isDeepStrictEqual(before.options, after.options)
  );
}

function sameCode(before: PluginDefinition, after: PluginDefinition): boolean {
  if (before === after) return true;
  // One module may define several plugins: the source text tells them apart.
  return (
    before.origin !== undefined && before.origin === after.origin && before.id === after.id && String(before.make) === String(after.make)
  );
}
