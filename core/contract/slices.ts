import { setImmediate as nextTurn } from "node:timers/promises";

/** How long a piece of long work keeps the event loop from everything else, in milliseconds. What it sets off in microtasks comes on top. */
const SLICE_MS = 2;

/** Long work in slices: between two of them all sockets and timers have a turn. */
export class Slices {
  #until = performance.now() + SLICE_MS;

  /** Call it between two steps: when the slice is used up, it waits for the next turn of the event loop. */
  async step(): Promise<void> {
    if (performance.now() < this.#until) return;
    await nextTurn();
    this.#until = performance.now() + SLICE_MS;
  }
}

/** Does something for each of many, a slice at a time. Few are done at once, within the call. `work` must not throw. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    if (performance.now() >= until) {
      // One slice after the other is what this is for.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await nextTurn();
      until = performance.now() + SLICE_MS;
    }
    work(item);
  }
}
