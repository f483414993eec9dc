import { LRUCache } from "lru-cache";
import type { SharedBucket } from "../../contract/index.ts";

/** Names of spaces that are kept: as many as there are plugin uses, and those of a few generations. */
const MOST_SPACES = 1_000;
const LONGEST_KEY = 1_000;

/** One price to pay. */
export interface Take extends SharedBucket {
  readonly space: string;
  /** Buckets that the space keeps. */
  readonly most: number;
  readonly key: string;
  readonly cost: number;
}

/**
 * Token buckets, each as one number: when it is full again (the generic cell rate algorithm, ITU-T I.371, annex A). So a bucket that was
 * forgotten since it is full is the same as one that was never asked.
 */
export class BucketBook {
  readonly #spaces = new LRUCache<string, LRUCache<string, number>>({ max: MOST_SPACES });

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns 0: paid; else nothing was, and it is how many milliseconds later to ask again */
  take({ space, most, key, cost, rate, burst }: Take): number {
    const buckets = this.#space(space, most);
    const now = this.now();
    const name = key.slice(0, LONGEST_KEY);
    const full = Math.max(now, buckets.get(name) ?? now);
    const wait = full - now + (Math.min(cost, burst) - burst) / rate;
    // Sums of fractions of a token may come out a hair below the whole one.
    if (wait > 1e-3) return wait;
    buckets.set(name, full + cost / rate);
    return 0;
  }

  #space(name: string, most: number): LRUCache<string, number> {
    const known = this.#spaces.get(name);
    if (known?.max === most) return known;
    const space = new LRUCache<string, number>({ max: most });
    // A reload changed how many are kept.
    if (known !== undefined) for (const [key, full] of [...known.entries()].toReversed()) space.set(key, full);
    this.#spaces.set(name, space);
    return space;
  }
}
