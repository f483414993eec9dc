/** A histogram with fixed bounds, as Prometheus wants it: it counts how many values were at most as large as each bound. */
export class Histogram {
  readonly #counts: number[];
  count = 0;
  sum = 0;

  /** @param bounds in rising order */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = bounds.map(() => 0);
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    const at = this.bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** For each bound, the number of values that were at most as large. */
  get cumulative(): readonly number[] {
    let sum = 0;
    return this.#counts.map((count) => (sum += count));
  }
}
