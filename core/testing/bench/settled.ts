import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { VirtualClock } from "../time/virtual-clock.ts";

/** Turns of the event loop in which nothing may happen before the clock goes on: a promise of a plugin may take a few. */
const QUIET_TURNS = 3;

/**
 * Waits until something has come about, as fast as it goes: in turns of the event loop, then by moving the plugin's clock to whatever waits
 * for it, and in real time where nothing does.
 *
 * @param timeout real milliseconds
 * @returns whether it has
 */
export async function settled(isDone: () => boolean, clock: VirtualClock, timeout: number): Promise<boolean> {
  if (isDone()) return true;
  await Promise.resolve();
  const end = performance.now() + timeout;
  for (let quiet = 1; !isDone(); quiet += 1) {
    if (performance.now() >= end) return false;
    if (quiet % (QUIET_TURNS + 1) !== 0) await nextTurn();
    else if (!clock.step()) await pause(1);
  }
  return true;
}
