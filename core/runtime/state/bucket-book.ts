import { LRUCache } from "lru-cache";
import type { SharedBucket } from "../../contract/index.ts";

/** Spaces that are kept: enough for all plugin uses of a few generations. */
const MOST_SPACES = 1_000;
const LONGEST_KEY = 1_000;

/** A request for tokens of one bucket. */
export interface BucketPayment extends SharedBucket {
  readonly space: string;
  /** Buckets that the space keeps. */
  readonly most: number;
  readonly key: string;
  readonly cost: number;
}

/**
 * Token buckets, each stored as one number: the time when it is full again (the generic cell rate algorithm, ITU-T I.371, annex A). So a full bucket
 * can be forgotten: it is the same as one that was never used.
 */
export class BucketBook {
  readonly #spaces = new LRUCache<string, LRUCache<string, number>>({ max: MOST_SPACES });

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns 0: the tokens were taken; else none were, and the number is the milliseconds to wait before the next try */
  take({ space, most, key, cost, rate, burst }: BucketPayment): number {
    const buckets = this.#space(space, most);
    const now = this.now();
    const name = key.slice(0, LONGEST_KEY);
    const full = Math.max(now, buckets.get(name) ?? now);
    const wait = full - now + (Math.min(cost, burst) - burst) / rate;
    // Sums of fractions of a token may be slightly below the whole token.
    if (wait > 1e-3) return wait;
    buckets.set(name, full + cost / rate);
    return 0;
  }

  #space(name: string, most: number): LRUCache<string, number> {
    const known = this.#spaces.get(name);
    if (known?.max === most) return known;
    const space = new LRUCache<string, number>({ max: most });
    // A reload has changed the number of buckets.
    if (known !== undefined) for (const [key, full] of [...known.entries()].toReversed()) space.set(key, full);
    this.#spaces.set(name, space);
    return space;
  }
}
