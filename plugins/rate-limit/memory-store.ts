import { LRUCache } from "lru-cache";
import type { BucketLimit, RateLimitStore } from "./store.ts";
import { BucketQueues } from "./bucket-queues.ts";

interface Bucket {
  /** A number below 0 is a debt. */
  tokens: number;
  burst: number;
  updatedAt: number;
}

/**
 * Token buckets in this process. At most `maxKeys` are kept; the least recently used one is forgotten, which makes it full again.
 * The caller passes the time, which may jump: a jump back adds no tokens, a jump forward fills the bucket at most.
 */
export class MemoryStore implements RateLimitStore {
  #buckets: LRUCache<string, Bucket>;
  /** The sessions that wait for tokens; a reload takes over the lines, so that their order remains. */
  queues = new BucketQueues(this);

  constructor(private readonly maxKeys: number) {
    this.#buckets = new LRUCache({ max: maxKeys });
  }

  take(key: string, cost: number, limit: BucketLimit, now: number): number {
    const bucket = this.#bucket(key, limit, now);
    const needed = Math.min(cost, limit.burst);
    // A sum of fractions may be slightly less than a whole token.
    if (bucket.tokens + 1e-9 < needed) return (needed - bucket.tokens) / limit.rate;
    bucket.tokens -= cost;
    return 0;
  }

  /** Takes `cost` tokens, even if there are not enough, which reserves a place in a queue. @returns milliseconds until the debt is paid */
  reserve(key: string, cost: number, limit: BucketLimit, now: number): number {
    const bucket = this.#bucket(key, limit, now);
    bucket.tokens -= cost;
    return bucket.tokens >= 0 ? 0 : -bucket.tokens / limit.rate;
  }

  /** Takes over the buckets of another store: both use the same buckets from now on. */
  adopt(other: MemoryStore): void {
    this.queues = other.queues;
    if (other.maxKeys === this.maxKeys) this.#buckets = other.#buckets;
    else for (const [key, bucket] of [...other.#buckets.entries()].toReversed()) this.#buckets.set(key, bucket);
  }

  #bucket(key: string, limit: BucketLimit, now: number): Bucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: limit.burst, burst: limit.burst, updatedAt: now };
      this.#buckets.set(key, bucket);
      return bucket;
    }
    if (bucket.burst !== limit.burst) {
      // A reload changed the limit: the same fraction of the new burst is left.
      bucket.tokens *= limit.burst / bucket.burst;
      bucket.burst = limit.burst;
    }
    bucket.tokens = Math.min(limit.burst, bucket.tokens + Math.max(0, now - bucket.updatedAt) * limit.rate);
    bucket.updatedAt = now;
    return bucket;
  }
}
