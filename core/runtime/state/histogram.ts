/** How often something was at most so large, with fixed bounds as Prometheus wants them. */
export class Histogram {
  readonly #counts: number[];
  count = 0;
  sum = 0;

  /** @param bounds rising */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = bounds.map(() => 0);
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    const at = this.bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** For each bound, how many were at most as large. */
  get cumulative(): readonly number[] {
    let sum = 0;
    return this.#counts.map((count) => (sum += count));
  }
}
