import { SluiceError } from "../errors/errors.ts";
import { shown } from "./describe-issues.ts";
import { didYouMean } from "./nearest.ts";
import { duration, size, type Duration, type Size, type UnitSchema } from "./units.ts";

const sizes = size();
const durations = duration({ compared: true });

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

/** Checks a size that a function for plugins got, and returns it in bytes; a number may be Infinity. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkSize(of: string, value: Size): number {
  return amount(value, sizes) ?? wrongAmount(of, 'a size such as "64KiB", or bytes', value);
}

/** Checks a duration that a function for plugins got, and returns it in milliseconds; a number may be Infinity. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkDuration(of: string, value: Duration): number {
  return amount(value, durations) ?? wrongAmount(of, 'a duration such as "250ms" or "5s", or milliseconds', value);
}

function amount(value: Duration | Size, texts: UnitSchema): number | undefined {
  if (typeof value === "number") return value >= 0 ? value : undefined;
  return texts.safeParse(value).data;
}

function wrongAmount(of: string, expected: string, value: unknown): never {
  throw wrongArgument(of, `expected ${expected}, 0 or more, got ${shown(value)}`);
}

/** The error for an argument that a function cannot take. @param of its name */
export function wrongArgument(of: string, detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", `${of}(): ${detail}`);
}
