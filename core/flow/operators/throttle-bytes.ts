import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { paced } from "./paced.ts";

/**
 * Lets each chunk pass when its time has come, in order, pausing the source meanwhile.
 *
 * @param wait called once per chunk with its size, when the chunk before it has passed: returns the milliseconds until it may pass, 0 for now,
 * Infinity for never: then it waits for a swap, or for the end of the session
 */
export function throttleBytes(
  wait: (bytes: number) => number,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  return paced({ due: (chunk, now) => now + wait(chunk.length), scheduler, oneByOne: true, patience: 0 });
}
