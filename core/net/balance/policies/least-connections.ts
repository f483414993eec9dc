import type { Candidate } from "../endpoints/candidate.ts";
import type { LoadChanges } from "../endpoints/load-changes.ts";
import { LoadHeap } from "./load-heap.ts";
import type { Policy } from "./policy.ts";
import type { Turns } from "./turns.ts";

/**
 * Takes the endpoint with the fewest sessions for its weight. Among equal ones it takes the one whose turn it is, so that the weights count without
 * load too. Before a choice the heap learns which loads have changed, also through other upstreams, so that a choice among a thousand endpoints does
 * not look at all of them.
 */
export class LeastConnections implements Policy {
  #usual: readonly Candidate[] = [];
  #heap = new LoadHeap([]);
  #seen = 0;

  constructor(
    private readonly changes: LoadChanges,
    private readonly turns: Turns,
  ) {}

  prepare(candidates: readonly Candidate[]): void {
    this.#usual = candidates;
    this.#heap = new LoadHeap(candidates);
    this.#seen = this.changes.count;
  }

  pick(candidates: readonly Candidate[]): Candidate {
    if (candidates !== this.#usual) this.prepare(candidates);
    const chosen = this.#current().least();
    // A candidate that was away does not make up for the turns it has missed.
    this.turns.least = Math.max(this.turns.least, chosen.turn);
    chosen.turn = this.turns.least + 1 / chosen.weight;
    this.#heap.changed(chosen.standing);
    return chosen;
  }

  #current(): LoadHeap {
    const { changes } = this;
    if (!changes.has(this.#seen)) this.#heap = new LoadHeap(this.#usual);
    else for (let at = this.#seen; at < changes.count; at += 1) this.#heap.changed(changes.at(at));
    this.#seen = changes.count;
    return this.#heap;
  }
}
