import type { Candidate } from "../endpoints/candidate.ts";
import type { EndpointState } from "../endpoints/endpoint-state.ts";
import { firstOf, loadOf } from "./policy.ts";

/** A binary heap of candidates, with the lowest load on top. It can be told that a load has changed. Candidates know their places in it. */
export class LoadHeap {
  readonly #heap: Candidate[];
  /** Several candidates have one state where the config names an endpoint more than once. */
  readonly #candidates = new Map<EndpointState, Candidate[]>();
  /** The loads by which the heap is ordered now. */
  readonly #loads: number[];

  constructor(candidates: readonly Candidate[]) {
    this.#heap = [...candidates];
    this.#loads = this.#heap.map(loadOf);
    for (const [at, candidate] of this.#heap.entries()) {
      candidate.place = at;
      const same = this.#candidates.get(candidate.standing);
      if (same === undefined) this.#candidates.set(candidate.standing, [candidate]);
      else same.push(candidate);
    }
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
  }

  least(): Candidate {
    return firstOf(this.#heap);
  }

  /** The load or the turn of an endpoint has changed. Does nothing for an endpoint that is not a candidate. */
  changed(state: EndpointState | undefined): void {
    const candidates = state === undefined ? undefined : this.#candidates.get(state);
    if (candidates === undefined) return;
    for (const candidate of candidates) {
      this.#loads[candidate.place] = loadOf(candidate);
      this.#rise(candidate.place);
      this.#sink(candidate.place);
    }
  }

  #rise(from: number): void {
    const moved = this.#heap[from] as Candidate;
    const load = this.#loads[from] as number;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isLess(moved, load, above)) break;
      this.#put(at, this.#heap[above] as Candidate, this.#loads[above] as number);
      at = above;
    }
    if (at !== from) this.#put(at, moved, load);
  }

  #sink(from: number): void {
    const moved = this.#heap[from] as Candidate;
    const load = this.#loads[from] as number;
    let at = from;
    for (let below = 2 * at + 1; below < this.#heap.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < this.#heap.length && this.#isLess(this.#heap[right] as Candidate, this.#loads[right] as number, below)) below = right;
      // No two candidates are equal: the order of the config decides at last.
      if (this.#isLess(moved, load, below)) break;
      this.#put(at, this.#heap[below] as Candidate, this.#loads[below] as number);
      at = below;
    }
    if (at !== from) this.#put(at, moved, load);
  }

  #isLess(one: Candidate, load: number, other: number): boolean {
    const difference = load - (this.#loads[other] as number);
    if (difference !== 0) return difference < 0;
    const beside = this.#heap[other] as Candidate;
    return one.turn === beside.turn ? one.index < beside.index : one.turn < beside.turn;
  }

  #put(at: number, candidate: Candidate, load: number): void {
    this.#heap[at] = candidate;
    this.#loads[at] = load;
    candidate.place = at;
  }
}
