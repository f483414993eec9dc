/** A worker that dies less than so many milliseconds after it began to serve counts as having died at once. */
const AT_ONCE_MS = 1_000;
const FIRST_MS = 100;
const MOST_MS = 30_000;

/** How long to wait before a dead worker is replaced: not at all, unless its predecessor died at once as well. */
export class Backoff {
  readonly #deaths = new Map<number, number>();

  /** @param place of the worker @param servedMs how long it served; undefined: it never did @returns milliseconds */
  after(place: number, servedMs: number | undefined): number {
    const deaths = servedMs === undefined || servedMs < AT_ONCE_MS ? (this.#deaths.get(place) ?? 0) + 1 : 0;
    this.#deaths.set(place, deaths);
    return deaths < 2 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (deaths - 2));
  }
}
