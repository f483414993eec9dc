import { setImmediate as nextTurn } from "node:timers/promises";

/** Milliseconds for which one slice of long work occupies the event loop. The microtasks that it starts come on top. */
const SLICE_MS = 2;

/** Long work in slices: between two of them all sockets and timers have a turn. */
export class Slices {
  #until = performance.now() + SLICE_MS;

  /** Whether `step` would wait: for steps that microtasks must not come between. */
  get isUsedUp(): boolean {
    return performance.now() >= this.#until;
  }

  /** Call it between two steps: when the slice is used up, it waits for the next turn of the event loop. */
  async step(): Promise<void> {
    if (!this.isUsedUp) return;
    await nextTurn();
    this.#until = performance.now() + SLICE_MS;
  }
}

/** Calls `work` for each item, in slices. A few items are done at once, within the call. `work` must not throw. */
export async function inSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<void> {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    if (performance.now() >= until) {
      // oxlint-disable-next-line no-await-in-loop -- the slices must run one after the other
      await nextTurn();
      until = performance.now() + SLICE_MS;
    }
    work(item);
  }
}
