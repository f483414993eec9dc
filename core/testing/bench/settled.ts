import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { VirtualClock } from "../time/virtual-clock.ts";

/** Turns of the event loop to wait before the clock is moved: a plugin's promises may take a few turns. */
const QUIET_TURNS = 3;
/** Turns that a wait has in any case: on a busy machine a process may stand still for longer than it waits, and was then given no time at all. */
const LEAST_TURNS = 400;

/**
 * Waits until a condition is true, as fast as possible: first by turns of the event loop, then by moving the plugin's clock to the next waiting
 * work, and in real time when no work waits.
 *
 * @param timeout real milliseconds
 * @returns whether the condition is true
 */
export async function settled(isDone: () => boolean, clock: VirtualClock, timeout: number): Promise<boolean> {
  if (isDone()) return true;
  await Promise.resolve();
  const end = performance.now() + timeout;
  for (let turn = 1; !isDone(); turn += 1) {
    if (turn > LEAST_TURNS && performance.now() >= end) return false;
    if (turn % (QUIET_TURNS + 1) !== 0) await nextTurn();
    else if (!clock.step()) await pause(1);
  }
  return true;
}
