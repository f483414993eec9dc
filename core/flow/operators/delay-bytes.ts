import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { paced } from "./paced.ts";

/**
 * Delays every chunk. The source is paused once `limits.bufferPerFlow` bytes are held, so that a long delay does not grow the memory. Chunks
 * leave in the order in which they came, whatever their delays.
 *
 * @param milliseconds of delay, 0 or more; or a function, called once for each chunk when it comes
 */
export function delayBytes(
  milliseconds: number | ((chunk: Buffer) => number),
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  const delayOf = typeof milliseconds === "function" ? milliseconds : () => milliseconds;
  return paced({ due: (chunk, now) => now + delayOf(chunk), scheduler, oneByOne: false, patience: Infinity });
}
