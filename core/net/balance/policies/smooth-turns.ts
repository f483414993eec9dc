import type { Candidate } from "../endpoints/candidate.ts";
import { firstOf } from "./policy.ts";

/** Turns of a round that are remembered. */
const LONGEST_ROUND = 65_536;

/**
 * Smooth weighted turns, as in nginx: at each turn every candidate gains its weight, and the candidate with the most is chosen and pays the sum of
 * all weights. Weights 5, 1, 1 give a a b a c a a. A round has as many turns as the sum of the weights, and repeats: it is computed once and then
 * read, so that a turn among a thousand costs no more than one among two.
 */
export class SmoothTurns {
  readonly #gained: number[];
  readonly #sum: number;
  /** The candidates of each turn, by their index. */
  readonly #round: number[];
  readonly #isRemembered: boolean;
  #at: number;

  /** @param before turns of the same candidates, which go on here */
  constructor(
    private readonly candidates: readonly Candidate[],
    before?: SmoothTurns,
  ) {
    this.#gained = before === undefined ? candidates.map(() => 0) : before.#gained;
    this.#round = before === undefined ? [] : before.#round;
    this.#at = before === undefined ? 0 : before.#at;
    this.#sum = candidates.reduce((sum, { weight }) => sum + weight, 0);
    this.#isRemembered = this.#sum <= LONGEST_ROUND && candidates.every(({ weight }) => Number.isInteger(weight));
  }

  next(): Candidate {
    const next = this.#isRemembered ? this.#nextOfRound() : this.#compute();
    return this.candidates[next] ?? firstOf(this.candidates);
  }

  /** The same turns, after a reload. Undefined: these are other candidates, or they have other weights. */
  continuedWith(candidates: readonly Candidate[]): SmoothTurns | undefined {
    if (candidates.length !== this.candidates.length) return undefined;
    const byIndex = new Map(candidates.map((candidate) => [candidate.index, candidate]));
    const next: Candidate[] = [];
    for (const { index, address, weight } of this.candidates) {
      const same = byIndex.get(index);
      if (same?.address !== address || same.weight !== weight) return undefined;
      next.push(same);
    }
    return new SmoothTurns(next, this);
  }

  #nextOfRound(): number {
    let next = this.#round[this.#at];
    if (next === undefined) {
      next = this.#compute();
      this.#round.push(next);
    }
    this.#at = this.#at + 1 === this.#sum ? 0 : this.#at + 1;
    return next;
  }

  #compute(): number {
    const gained = this.#gained;
    let [most, chosen] = [-Infinity, 0];
    for (const [at, { weight }] of this.candidates.entries()) {
      const now = (gained[at] ?? 0) + weight;
      gained[at] = now;
      if (now <= most) continue;
      most = now;
      chosen = at;
    }
    gained[chosen] = most - this.#sum;
    return chosen;
  }
}
