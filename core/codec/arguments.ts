import { SluiceError } from "../contract/index.ts";
import { DEFAULT_MAX } from "./codec.ts";

/** The `max` of a codec. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkMax(codec: string, max: number = DEFAULT_MAX): number {
  if (!Number.isSafeInteger(max) || max < 1) throw wrong(codec, `max must be a whole number of bytes, at least 1, got ${String(max)}`);
  return max;
}

/** What an author gave a codec that it cannot take. */
export function wrong(codec: string, detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", `${codec}(): ${detail}`);
}
