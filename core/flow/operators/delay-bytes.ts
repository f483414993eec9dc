import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { paced } from "./paced.ts";

/**
 * Delays every chunk, pausing the source once the flow's bound is held, so that a long delay costs no memory. Chunks leave in the order in
 * which they came, whatever their delays.
 *
 * @param milliseconds of delay, 0 or more; or a function, asked once for each chunk as it comes
 */
export function delayBytes(
  milliseconds: number | ((chunk: Buffer) => number),
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  const delayOf = typeof milliseconds === "function" ? milliseconds : () => milliseconds;
  return paced({ due: (chunk, now) => now + delayOf(chunk), scheduler, oneByOne: false, patience: Infinity });
}
