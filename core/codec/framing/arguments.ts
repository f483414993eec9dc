import { size, SluiceError, type Size } from "../../contract/index.ts";
import { shown } from "../../contract/options/describe-issues.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import { DEFAULT_MAX } from "./codec.ts";

const sizes = size();

/** Checks that the options are an object without an unknown option. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkOptions(codec: string, options: object, known: readonly string[]): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) throw wrong(codec, `expected an object of options, got ${shown(given)}`);
  const stray = Object.keys(given).find((key) => !known.includes(key));
  if (stray !== undefined) throw wrong(codec, `there is no option "${stray}"${didYouMean(stray, known)}`);
}

/** Checks that a message is a text. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkText(codec: string, message: unknown): void {
  if (typeof message !== "string") throw wrong(codec, `a message is a text, got ${shown(message)}`);
}

/** Checks that a message is bytes. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkBytes(codec: string, message: unknown): void {
  if (!(message instanceof Uint8Array)) throw wrong(codec, `a message is a Buffer, got ${shown(message)}`);
}

/** Checks the `max` of a codec, and returns it in bytes. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkMax(codec: string, max: Size = DEFAULT_MAX): number {
  const bytes = typeof max === "number" ? max : sizes.safeParse(max).data;
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw wrong(codec, `max must be a whole number of bytes, at least 1, or a text such as "64KiB", got ${shown(max)}`);
}

/** The error for an argument that a codec cannot take. */
export function wrong(codec: string, detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", `${codec}(): ${detail}`);
}
