import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { paced } from "./paced.ts";

/**
 * Delays every chunk by the same time, pausing the source once the flow's bound is held, so that a long delay costs no memory.
 *
 * @param milliseconds of delay, 0 or more
 */
export function delayBytes(milliseconds: number, scheduler: SchedulerLike = asyncScheduler): MonoTypeOperatorFunction<Buffer> {
  return paced({ due: (_chunk, now) => now + milliseconds, scheduler, oneByOne: false, patience: Infinity });
}
