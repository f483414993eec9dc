/** Four buckets per doubling: a quantile is wrong by at most a tenth. They reach from about 2^-3 to 2^29 nanoseconds, half a second. */
const PER_DOUBLING = 4;
const BUCKETS = 120;

/** A histogram of durations: the longer the durations of a bucket, the wider it is. */
export class Durations {
  #counts: Uint32Array | undefined;
  count = 0;
  /** Seconds. */
  sum = 0;

  /** @param milliseconds as `performance.now()` counts them */
  add(milliseconds: number): void {
    this.#counts ??= new Uint32Array(BUCKETS);
    const at = Math.floor(Math.log2(Math.max(1, milliseconds * 1e6)) * PER_DOUBLING);
    this.#counts[Math.min(at, BUCKETS - 1)] = (this.#counts[Math.min(at, BUCKETS - 1)] ?? 0) + 1;
    this.count += 1;
    this.sum += milliseconds / 1000;
  }

  /** Seconds; undefined: nothing was measured. @param share 0.5: the median */
  quantile(share: number): number | undefined {
    if (this.#counts === undefined || this.count === 0) return undefined;
    let left = Math.ceil(this.count * share);
    for (const [at, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return upperEnd(at);
    }
    return undefined;
  }

  /** Number of durations of at most so many seconds. */
  atMost(seconds: number): number {
    let count = 0;
    for (const [at, here] of this.#counts?.entries() ?? []) if (upperEnd(at) <= seconds * 1.0001) count += here;
    return count;
  }
}

function upperEnd(bucket: number): number {
  return 2 ** ((bucket + 1) / PER_DOUBLING) / 1e9;
}
