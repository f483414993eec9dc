import { mixed, textHash } from "./text-hash.ts";

/** Points of an endpoint for each unit of its weight. Shares are then within about 6 % of the weights (1 / square root of the points). */
const POINTS = 256;
/** Points in all. If the weights ask for more, each unit has fewer. */
const MOST_POINTS = 262_144;
/** In a point's number the upper 32 bits are the position on the ring, the lower bits the member it belongs to. */
const PLACES = 2 ** 20;
/** The golden ratio in 32 bits: as a step, it puts the seeds of an endpoint's points far apart. */
const STEP = 0x9e3779b9;

export interface RingMember {
  readonly address: string;
  /** Its weight as configured. */
  readonly full: number;
}

/**
 * A ring on which each member has points of its own, which depend on its address alone (consistent hashing). A key belongs to the member that owns
 * the next point. When a member leaves, only its keys move, evenly to the others; a new member takes only its share of the keys.
 */
export class HashRing {
  readonly #points: Float64Array;

  constructor(members: readonly RingMember[]) {
    const weight = members.reduce((sum, { full }) => sum + full, 0);
    const each = Math.min(POINTS, MOST_POINTS / Math.max(1, weight));
    const counts = members.map(({ full }) => (full === 0 ? 0 : Math.max(1, Math.floor(full * each))));
    this.#points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
    let at = 0;
    for (const [index, { address }] of members.entries()) {
      const seed = textHash(address);
      for (let point = 0; point < (counts[index] ?? 0); point += 1) {
        this.#points[at] = mixed((seed + Math.imul(point, STEP)) | 0) * PLACES + index;
        at += 1;
      }
    }
    this.#points.sort();
  }

  /** The index of the member that a key belongs to, among those that `may` allows; -1: it allows none. */
  find(key: string, may: (index: number) => boolean): number {
    const points = this.#points;
    const wanted = textHash(key) * PLACES;
    let [low, high] = [0, points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle] ?? Infinity) >= wanted) high = middle;
      else low = middle + 1;
    }
    for (let step = 0; step < points.length; step += 1) {
      const point = points[low + step < points.length ? low + step : low + step - points.length] ?? 0;
      const index = point % PLACES;
      if (may(index)) return index;
    }
    return -1;
  }
}
