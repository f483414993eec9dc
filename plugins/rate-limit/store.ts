/** A token bucket's measures. */
export interface BucketLimit {
  /** Tokens that come in per millisecond. */
  readonly rate: number;
  /** Tokens that the full bucket holds. */
  readonly burst: number;
}

/** Where buckets live: give one to several proxies, through a provider's token, and they share their limits. */
export interface RateLimitStore {
  /**
   * Takes `cost` tokens from a bucket, which is full when it is new. A cost above the burst is granted by a full bucket, and leaves it
   * in debt. An error ends the session that asked: an unreachable store lets nothing through.
   *
   * @param now epoch milliseconds
   * @returns 0 when granted; else nothing was taken, and it is how many milliseconds later to ask again
   */
  take(key: string, cost: number, limit: BucketLimit, now: number): number | Promise<number>;
}
