/** A flow, as its table sees it. Only the table uses these properties. */
export interface TableEntry {
  /** Must not change while the flow is in the table. */
  readonly key: string;
  before: TableEntry | undefined;
  after: TableEntry | undefined;
  /** The number of sweeps at the time of its last use; undefined: it is not in the table. */
  usedAt: number | undefined;
}

/**
 * Flows in the order of their last use. The cost of each operation does not grow with their number: an attacker with forged addresses must not make
 * every datagram slower.
 */
export class FlowTable<E extends TableEntry> {
  readonly #byKey = new Map<string, E>();
  #oldest: TableEntry | undefined;
  #newest: TableEntry | undefined;
  #sweeps = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): E | undefined {
    return this.#byKey.get(key);
  }

  values(): E[] {
    return [...this.#byKey.values()];
  }

  add(entry: E): void {
    this.#byKey.set(entry.key, entry);
    this.#append(entry);
  }

  /** Marks the flow as used just now. */
  used(entry: E): void {
    if (entry.usedAt === undefined) return;
    entry.usedAt = this.#sweeps;
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  remove(entry: E): void {
    if (entry.usedAt === undefined) return;
    this.#byKey.delete(entry.key);
    this.#unlink(entry);
    entry.usedAt = undefined;
  }

  /** Removes the flow that was used longest ago. */
  shift(): E | undefined {
    const entry = this.#oldest === undefined ? undefined : this.#byKey.get(this.#oldest.key);
    if (entry !== undefined) this.remove(entry);
    return entry;
  }

  /** Called at regular intervals. Removes the flows that were not used for so many whole intervals. */
  sweep(steps: number): E[] {
    this.#sweeps += 1;
    const idle: E[] = [];
    while (this.#oldest !== undefined && this.#sweeps - (this.#oldest.usedAt ?? 0) > steps) {
      const entry = this.shift();
      if (entry !== undefined) idle.push(entry);
    }
    return idle;
  }

  #append(entry: TableEntry): void {
    entry.usedAt = this.#sweeps;
    entry.before = this.#newest;
    entry.after = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.after = entry;
    this.#newest = entry;
  }

  #unlink({ before, after }: TableEntry): void {
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
  }
}
