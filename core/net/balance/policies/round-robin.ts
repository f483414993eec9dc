import type { Candidate } from "../endpoints/candidate.ts";
import { firstOf, type Policy } from "./policy.ts";
import { SmoothTurns } from "./smooth-turns.ts";

/** Turns that are skipped at most until one belongs to a candidate. */
const MOST_PASSED = 1_000;

/** Takes endpoints in turn: in their order if all have the same weight, else by smooth weighted turns. */
export class RoundRobin implements Policy {
  #usual: readonly Candidate[] = [];
  /** Undefined: all have the same weight. */
  #turns: SmoothTurns | undefined;

  /** @param last the position in the config of the endpoint that was chosen last */
  constructor(public last = -1) {}

  prepare(candidates: readonly Candidate[]): void {
    this.#usual = candidates;
    const { weight } = firstOf(candidates);
    const isEqual = candidates.every((each) => each.weight === weight);
    const start = firstBehind(candidates, this.last);
    this.#turns = isEqual ? undefined : new SmoothTurns([...candidates.slice(start), ...candidates.slice(0, start)]);
  }

  pick(candidates: readonly Candidate[]): Candidate {
    const chosen = this.#weighted(candidates) ?? candidates[firstBehind(candidates, this.last)] ?? firstOf(candidates);
    this.last = chosen.index;
    return chosen;
  }

  /** Endpoints that are not candidates, for example because they failed a moment ago, lose their turn. */
  #weighted(candidates: readonly Candidate[]): Candidate | undefined {
    const turns = this.#turns;
    if (turns === undefined) return undefined;
    if (candidates === this.#usual) return turns.next();
    for (let passed = 0; passed < MOST_PASSED; passed += 1) {
      const next = turns.next();
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
