import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { wrongArgument } from "../../contract/options/arguments.ts";
import type { Duration } from "../../contract/options/units.ts";
import { paced, waitOf } from "./paced.ts";

/**
 * Lets each chunk pass when its time has come, in order, pausing the source meanwhile.
 *
 * @param wait called once per chunk with its size, when the chunk before it has passed: returns how long until it may pass, in milliseconds or as a
 * text such as `"10ms"`: 0 for now, Infinity for never: then it waits for a swap, or for the end of the session
 * @throws SLUICE_PLUGIN_ARGUMENT if `wait` is not a function; the flow ends with it if `wait` returned anything else
 */
export function throttleBytes(
  wait: (bytes: number) => Duration,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  const given: unknown = wait;
  if (typeof given !== "function") throw wrongArgument("throttleBytes", `expected a function of a chunk's size, got ${typeof given}`);
  return paced({ due: (chunk, now) => now + waitOf("throttleBytes", wait(chunk.length)), scheduler, oneByOne: true, patience: 0 });
}
