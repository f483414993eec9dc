import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { paced } from "./paced.ts";

/**
 * Lets each chunk pass when its time has come, in order, pausing the source meanwhile.
 *
 * @param wait asked once per chunk with its size, when the one before it has passed: milliseconds until it may pass, 0 for now,
 * Infinity for not at all: then only a swap or the end of the session lets go of it
 */
export function throttleBytes(
  wait: (bytes: number) => number,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  return paced({ due: (chunk, now) => now + wait(chunk.length), scheduler, oneByOne: true, patience: 0 });
}
