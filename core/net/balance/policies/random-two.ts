import type { Candidate } from "../endpoints/candidate.ts";
import { loadOf, type Policy } from "./policy.ts";
import { Random } from "./random.ts";

/**
 * Draws two candidates at random, in proportion to their weights, and takes the one with the lower load ("the power of two choices"). It is nearly as
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
    const [one, other] = [this.#random.pick(candidates), this.#random.pick(candidates)];
    return loadOf(other) < loadOf(one) ? other : one;
  }
}
