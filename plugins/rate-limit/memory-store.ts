import { LRUCache } from "lru-cache";
import type { BucketLimit, RateLimitStore } from "./store.ts";
import { WaitingLines } from "./waiting-lines.ts";

interface Bucket {
  /** Below 0: a debt. */
  tokens: number;
  burst: number;
  updatedAt: number;
}

/**
 * Token buckets in this process. At most `maxKeys` are kept; the one unused longest is forgotten, which makes it full again.
 * Time comes from the caller and may step: backwards it earns nothing, forwards it fills the bucket at most once.
 */
export class MemoryStore implements RateLimitStore {
  #buckets: LRUCache<string, Bucket>;
  /** Who waits for tokens: in one line also with those who came before a reload. */
  lines = new WaitingLines(this);

  constructor(private readonly maxKeys: number) {
    this.#buckets = new LRUCache({ max: maxKeys });
  }

  take(key: string, cost: number, limit: BucketLimit, now: number): number {
    const bucket = this.#bucket(key, limit, now);
    const needed = Math.min(cost, limit.burst);
    // Sums of fractions of a token may come out a hair below the whole one.
    if (bucket.tokens + 1e-9 < needed) return (needed - bucket.tokens) / limit.rate;
    bucket.tokens -= cost;
    return 0;
  }

  /** Takes `cost` whether there are enough tokens or not, as a place in a queue. @returns milliseconds until it is paid for */
  reserve(key: string, cost: number, limit: BucketLimit, now: number): number {
    const bucket = this.#bucket(key, limit, now);
    bucket.tokens -= cost;
    return bucket.tokens >= 0 ? 0 : -bucket.tokens / limit.rate;
  }

  /** Takes over the buckets of another store: both fill and empty the same ones from now on. */
  adopt(other: MemoryStore): void {
    this.lines = other.lines;
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
      // A reload changed the limit: what was left of the old burst is as much of the new one.
      bucket.tokens *= limit.burst / bucket.burst;
      bucket.burst = limit.burst;
    }
    bucket.tokens = Math.min(limit.burst, bucket.tokens + Math.max(0, now - bucket.updatedAt) * limit.rate);
    bucket.updatedAt = now;
    return bucket;
  }
}
