/** How many of each thing there are now. The keys stay the same over readings, and a key as text describes its thing. */
export type Counts = ReadonlyMap<unknown, number>;

/**
 * Finds what each repetition of some work leaves behind. A single reading says little: another test may have opened something meanwhile, and a plugin may
 * keep something for all of its sessions. What grows with every repetition is left behind by the work.
 */
export class Growth {
  readonly #readings: Counts[] = [];

  /** Notes the numbers after a repetition. */
  read(counts: Counts): void {
    this.#readings.push(counts);
  }

  /** Whether something has grown since the last reading. */
  hasGrown(counts: Counts): boolean {
    const before = this.#readings.at(-1);
    return before !== undefined && [...counts].some(([what, count]) => count > (before.get(what) ?? 0));
  }

  /** What has grown with every repetition after the first. */
  get steady(): string[] {
    const [, ...later] = this.#readings;
    if (later.length === 0) return [];
    return [...(this.#readings.at(-1)?.keys() ?? [])]
      .filter((what) => later.every((counts, at) => (counts.get(what) ?? 0) > (this.#readings[at]?.get(what) ?? 0)))
      .map(String);
  }
}
