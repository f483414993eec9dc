import { reasonOf, SluiceError } from "./errors.ts";

/**
 * Why a session ends whose plugin closes it. In JavaScript a plugin can give anything: an error that has no code is a failure of its own,
 * as if it had been thrown.
 */
export function closingError(given: unknown): SluiceError {
  if (given === undefined || given === null) return new SluiceError("SLUICE_CLOSED", "closed by a plugin");
  return SluiceError.is(given)
    ? given
    : new SluiceError("SLUICE_PLUGIN_FAILED", `closed by a plugin: ${reasonOf(given)}`, { cause: given });
}
