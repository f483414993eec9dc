import type { Override } from "../../contract/index.ts";
import { table, type Cell } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The plugin uses that do not do what the config says, and what they do instead. */
export function overrideLines(overrides: readonly Override[], colors: Terminal["colors"]): string[] {
  const heading = ["override", "is"].map((text): Cell => ({ text, paint: colors.dim }));
  const rows = overrides.map((each): Cell[] => [{ text: `${each.listener}/${each.plugin}`, paint: colors.bold }, { text: stateOf(each) }]);
  return table([heading, ...rows]);
}

function stateOf({ enabled, options = {} }: Override): string {
  const changed = Object.entries(options).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [...(enabled === undefined ? [] : [enabled ? "on" : "off"]), ...changed].join(" ");
}
