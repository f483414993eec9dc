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
    return candidates[this.draw(candidates)] ?? firstOf(candidates);
  }

  /** The index of a candidate. @param without the index of another one, which is not drawn: the others close the gap that it leaves */
  draw(candidates: readonly Candidate[], without = -1): number {
    if (candidates !== this.#usual) this.prepare(candidates);
    const sums = this.#sums;
    const [total, before] = [sumAt(sums, sums.length - 1), sumAt(sums, without - 1)];
    const gap = without < 0 ? 0 : sumAt(sums, without) - before;
    const drawn = this.random() * (total - gap);
    return indexAt(sums, gap > 0 && drawn >= before ? drawn + gap : drawn);
  }
}

function sumAt(sums: readonly number[], index: number): number {
  return sums[index] ?? 0;
}

/** The index of the first sum that is above a number. */
function indexAt(sums: readonly number[], number: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sumAt(sums, middle) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The sum of the weights up to each candidate. */
function sumsOf(candidates: readonly Candidate[]): number[] {
  let sum = 0;
  return candidates.map(({ weight }) => (sum += weight));
}
