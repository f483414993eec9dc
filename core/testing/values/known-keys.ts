import { SluiceError } from "../../contract/index.ts";
import { nearest } from "../../contract/options/nearest.ts";

/**
 * Refuses keys that an object of the kit does not have: a misspelt option would be ignored, and its default used instead.
 *
 * @param given undefined: nothing was given
 * @param place the function that got the object, for the message: `startUpstream(kind, options)`
 * @throws SLUICE_TEST_INVALID
 */
export function refuseUnknown(given: unknown, known: readonly string[], place: string): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null)
    throw new SluiceError("SLUICE_TEST_INVALID", `${place}: expected { ${known.join(", ")} }, got ${JSON.stringify(given)}`);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    const hint = meant === undefined ? `: it has ${known.join(", ")}` : `, did you mean "${meant}"?`;
    throw new SluiceError("SLUICE_TEST_INVALID", `${place}: there is no ${JSON.stringify(key)}${hint}`);
  }
}

/**
 * Refuses only keys that look like a known one: for objects that may have more, such as a test runner, or the context that it passes to a hook.
 *
 * @throws SLUICE_TEST_INVALID
 */
export function refuseMisspelt(given: object, known: readonly string[], place: string): void {
  const near = Object.entries(given).filter(([key]) => nearest(key, known) !== undefined);
  refuseUnknown(Object.fromEntries(near), known, place);
}
