import type { Candidate } from "./candidate.ts";
import type { LoadChanges } from "./load-changes.ts";
import { LoadHeap } from "./load-heap.ts";
import type { Policy } from "./policy.ts";

/**
 * Takes the endpoint with the fewest sessions for its weight; of several, the one whose turn it is, so that without load the weights hold
 * too. The heap is told afterwards what has changed, by whichever upstream, so that a choice among a thousand does not look at them all.
 */
export class LeastConnections implements Policy {
  #usual: readonly Candidate[] = [];
  #heap = new LoadHeap([]);
  #seen = 0;
  /** Sessions for their weight that each has had: by it, they take turns. What was chosen last stood here. */
  #turn = 0;

  constructor(private readonly changes: LoadChanges) {}

  prepare(candidates: readonly Candidate[]): void {
    this.#usual = candidates;
    this.#heap = new LoadHeap(candidates);
    this.#seen = this.changes.count;
  }

  pick(candidates: readonly Candidate[]): Candidate {
    const heap = candidates === this.#usual ? this.#current() : new LoadHeap(candidates);
    const chosen = heap.least();
    // Who was away has no turns to make up for.
    this.#turn = Math.max(this.#turn, chosen.turn);
    chosen.turn = this.#turn + 1 / chosen.weight;
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
