import type { Candidate } from "../endpoints/candidate.ts";
import { firstOf, type Policy } from "./policy.ts";
import { SmoothTurns } from "./smooth-turns.ts";
import type { Turns } from "./turns.ts";

/** Turns that are skipped at most until one belongs to a candidate. */
const MOST_PASSED = 1_000;

/** Takes endpoints in turn: in their order if all have the same weight, else by smooth weighted turns. */
export class RoundRobin implements Policy {
  #usual: readonly Candidate[] = [];
  /** Undefined: all have the same weight. */
  #smooth: SmoothTurns | undefined;

  constructor(private readonly turns: Turns) {}

  prepare(candidates: readonly Candidate[]): void {
    this.#usual = candidates;
    const { weight } = firstOf(candidates);
    const isEqual = candidates.every((each) => each.weight === weight);
    this.#smooth = isEqual ? undefined : (this.turns.smooth?.continuedWith(candidates) ?? this.#beginRound(candidates));
    this.turns.smooth = this.#smooth;
  }

  pick(candidates: readonly Candidate[]): Candidate {
    const chosen = this.#weighted(candidates) ?? candidates[firstBehind(candidates, this.turns.last)] ?? firstOf(candidates);
    this.turns.last = chosen.index;
    return chosen;
  }

  #beginRound(candidates: readonly Candidate[]): SmoothTurns {
    const start = firstBehind(candidates, this.turns.last);
    return new SmoothTurns([...candidates.slice(start), ...candidates.slice(0, start)]);
  }

  /** Endpoints that are not candidates, for example because they failed a moment ago, lose their turn. */
  #weighted(candidates: readonly Candidate[]): Candidate | undefined {
    const smooth = this.#smooth;
    if (smooth === undefined) return undefined;
    if (candidates === this.#usual) return smooth.next();
    for (let passed = 0; passed < MOST_PASSED; passed += 1) {
      const next = smooth.next();
      if (candidates.includes(next)) return next;
    }
    return undefined;
  }
}

/** The index of the first candidate behind a position in the config; 0 if there is none. */
function firstBehind(candidates: readonly Candidate[], place: number): number {
  let [low, high] = [0, candidates.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((candidates[middle]?.index ?? Infinity) > place) high = middle;
    else low = middle + 1;
  }
  return low === candidates.length ? 0 : low;
}
