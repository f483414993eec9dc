import type { SchedulerLike } from "rxjs";
import type { Candidate } from "./candidate.ts";

/** Number of steps in which a weight grows, and the part of the weight to begin with. */
const STEPS = 20;

/** Gives endpoints that came back a low weight at first, which grows to their configured weight. */
export class SlowStart {
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The version of the states that the weights are worked out from. */
  #seen = -1;

  /** @param length milliseconds @param states whose version grows when an endpoint goes down or comes back */
  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly length: number,
    private readonly clock: SchedulerLike,
    private readonly states: { readonly version: number },
  ) {}

  /** Lets the weights grow. @returns whether a weight has changed */
  step(): boolean {
    // Not the usable endpoints: between two sessions an endpoint may go down and come back, and they are the same ones again.
    if (this.#seen !== this.states.version) this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#seen = this.states.version;
    if (this.#nextAt === Infinity) return false;
    const now = this.clock.now();
    if (now < this.#nextAt) return false;
    let changed = false;
    let growing = false;
    for (const candidate of this.candidates) {
      const part = this.#partOf(now - candidate.standing.backAt);
      const weight = candidate.full * part;
      changed ||= weight !== candidate.weight;
      growing ||= part < 1;
      candidate.weight = weight;
    }
    this.#nextAt = growing ? now + this.length / STEPS : Infinity;
    return changed;
  }

  #partOf(since: number): number {
    if (since >= this.length || since < 0) return 1;
    return Math.max(1, Math.floor((since / this.length) * STEPS)) / STEPS;
  }
}
