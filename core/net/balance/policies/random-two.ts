import type { Candidate } from "../endpoints/candidate.ts";
import { firstOf, loadOf, type Policy } from "./policy.ts";
import { Random } from "./random.ts";

/**
 * Draws two different candidates at random, in proportion to their weights, and takes the one with the lower load ("the power of two choices"). It is nearly as
 * even as least-connections, and several proxies with the same endpoints do not all choose the same one.
 */
export class RandomTwo implements Policy {
  readonly #random: Random;

  /** @param random from 0 (inclusive) to 1 (exclusive) */
  constructor(random: () => number) {
    this.#random = new Random(random);
  }

  prepare(candidates: readonly Candidate[]): void {
    this.#random.prepare(candidates);
  }

  pick(candidates: readonly Candidate[]): Candidate {
    const first = this.#random.draw(candidates);
    const one = candidates[first] ?? firstOf(candidates);
    const other = candidates[this.#random.draw(candidates, first)] ?? one;
    return loadOf(other) < loadOf(one) ? other : one;
  }
}
