import type { Candidate } from "../endpoints/candidate.ts";
import type { EndpointState } from "../endpoints/endpoint-state.ts";
import { firstOf, loadOf } from "./policy.ts";

/** A binary heap of candidates, with the lowest load on top. It can be told that a load has changed. */
export class LoadHeap {
  readonly #heap: Candidate[];
  readonly #places = new Map<EndpointState, number>();
  /** The loads by which the heap is ordered now. */
  readonly #loads: number[];

  constructor(candidates: readonly Candidate[]) {
    this.#heap = [...candidates];
    this.#loads = this.#heap.map(loadOf);
    for (const [at, { standing }] of this.#heap.entries()) this.#places.set(standing, at);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
  }

  least(): Candidate {
    return firstOf(this.#heap);
  }

  /** The load or the turn of an endpoint has changed. Does nothing for an endpoint that is not a candidate. */
  changed(state: EndpointState | undefined): void {
    const at = state === undefined ? undefined : this.#places.get(state);
    const candidate = at === undefined ? undefined : this.#heap[at];
    if (at === undefined || candidate === undefined) return;
    this.#loads[at] = loadOf(candidate);
    this.#rise(at);
    this.#sink(at);
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isLess(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const below = left + 1 < this.#heap.length && this.#isLess(left + 1, left) ? left + 1 : left;
      if (!this.#isLess(below, at)) return;
      this.#swap(at, below);
      at = below;
    }
  }

  #isLess(one: number, other: number): boolean {
    const difference = (this.#loads[one] ?? 0) - (this.#loads[other] ?? 0);
    if (difference !== 0) return difference < 0;
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.turn === b.turn ? a.index < b.index : a.turn < b.turn;
  }

  #swap(one: number, other: number): void {
    const [heap, loads] = [this.#heap, this.#loads];
    const [a, b] = [heap[one], heap[other]];
    if (a === undefined || b === undefined) return;
    [heap[one], heap[other]] = [b, a];
    [loads[one], loads[other]] = [loads[other] ?? 0, loads[one] ?? 0];
    this.#places.set(b.standing, one);
    this.#places.set(a.standing, other);
  }
}
