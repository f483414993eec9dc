import { setImmediate as nextTurn } from "node:timers/promises";

/** How long work on many sessions keeps the event loop from everything else, in milliseconds. What it sets off in microtasks comes on top. */
const SLICE_MS = 2;

/**
 * Does something for each of many, a slice at a time: between two slices all sockets and timers have a turn. Few are done at once, within
 * the call. `work` must not throw.
 */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    if (performance.now() >= until) {
      // One slice after the other is what this is for.
      // oxlint-disable-next-line no-await-in-loop
      await nextTurn();
      until = performance.now() + SLICE_MS;
    }
    work(item);
  }
}
