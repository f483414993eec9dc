import { parse } from "acorn";
import { SluiceError } from "../../contract/index.ts";

/** A plugin's name in code and in the names of files. */
export interface PluginName {
  /** The plugin's id, and the name of its factory: `blackOut`. */
  readonly id: string;
  /** The name of its file: `black-out`. */
  readonly file: string;
}

/** Reads a name such as `redact`, `black-out`, `blackOut` or `sluice-plugin-redact`. @throws SLUICE_USAGE */
export function readPluginName(given: string): PluginName {
  const name = given.trim().replace(/^sluice-plugin-/, "");
  if (!/^[a-z][a-z0-9]*(-?[a-z0-9]+)*$/i.test(name))
    throw new SluiceError("SLUICE_USAGE", `--plugin: expected a name such as "redact" or "black-out", got ${JSON.stringify(given)}`);
  const file = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  const id = file.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
  if (isReserved(id))
    throw new SluiceError("SLUICE_USAGE", `--plugin: ${JSON.stringify(id)} is a reserved word of JavaScript: choose another name`);
  return { id, file };
}

/** Whether a variable in a module cannot have this name. */
function isReserved(id: string): boolean {
  try {
    parse(`let ${id};`, { ecmaVersion: "latest", sourceType: "module" });
    return false;
  } catch {
    return true;
  }
}
