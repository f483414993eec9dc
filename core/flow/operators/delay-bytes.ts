import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import type { Duration } from "../../contract/options/units.ts";
import { checkDuration } from "../../contract/options/arguments.ts";
import { paced, waitOf, type Pace } from "./paced.ts";

/**
 * Delays every chunk. The source is paused once `limits.bufferPerFlow` bytes are held, so that a long delay does not grow the memory. Chunks
 * leave in the order in which they came, whatever their delays.
 *
 * @param delay milliseconds, or a text such as `"250ms"`; or a function that returns one, called once for each chunk when it comes
 * @throws SLUICE_PLUGIN_ARGUMENT for anything else; the flow ends with it if the function returned it
 */
export function delayBytes(
  delay: Duration | ((chunk: Buffer) => Duration),
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<Buffer> {
  const due = typeof delay === "function" ? dueByChunk(delay) : dueAfter(checkDuration("delayBytes", delay));
  return paced({ due, scheduler, oneByOne: false, patience: Infinity });
}

function dueByChunk(delayOf: (chunk: Buffer) => Duration): Pace["due"] {
  return (chunk, now) => now + waitOf("delayBytes", delayOf(chunk));
}

function dueAfter(milliseconds: number): Pace["due"] {
  return (_chunk, now) => now + milliseconds;
}
