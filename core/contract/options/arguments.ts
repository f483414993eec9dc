import { SluiceError } from "../errors/errors.ts";
import { shown } from "./describe-issues.ts";
import { didYouMean } from "./nearest.ts";
import { size, type Size } from "./units.ts";

const sizes = size();

/** Checks that the options of a function for plugins are an object without an unknown option. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkOptions(of: string, options: object, known: readonly string[]): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) throw wrongArgument(of, `expected an object of options, got ${shown(given)}`);
  const stray = Object.keys(given).find((key) => !known.includes(key));
  if (stray !== undefined) throw wrongArgument(of, `there is no option "${stray}"${didYouMean(stray, known)}`);
}

/** Checks the `max` of a function for plugins, and returns it in bytes. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkMax(of: string, max: Size = "1MiB"): number {
  const bytes = typeof max === "number" ? max : sizes.safeParse(max).data;
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw wrongArgument(of, `max must be a whole number of bytes, at least 1, or a text such as "64KiB", got ${shown(max)}`);
}

/** The error for an argument that a function cannot take. @param of its name */
export function wrongArgument(of: string, detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", `${of}(): ${detail}`);
}
