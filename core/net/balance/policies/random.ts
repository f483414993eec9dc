import type { Candidate } from "../endpoints/candidate.ts";
import { firstOf, type Policy } from "./policy.ts";

/** Chooses at random, in proportion to the weights. */
export class Random implements Policy {
  #usual: readonly Candidate[] = [];
  #sums: readonly number[] = [];

  /** @param random from 0 (inclusive) to 1 (exclusive) */
  constructor(private readonly random: () => number) {}

  prepare(candidates: readonly Candidate[]): void {
    this.#usual = candidates;
    this.#sums = sumsOf(candidates);
  }

  pick(candidates: readonly Candidate[]): Candidate {
    if (candidates !== this.#usual) this.prepare(candidates);
    const sums = this.#sums;
    const drawn = this.random() * (sums.at(-1) ?? 0);
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > drawn) high = middle;
      else low = middle + 1;
    }
    return candidates[low] ?? firstOf(candidates);
  }
}

/** The sum of the weights up to each candidate. */
function sumsOf(candidates: readonly Candidate[]): number[] {
  let sum = 0;
  return candidates.map(({ weight }) => (sum += weight));
}
