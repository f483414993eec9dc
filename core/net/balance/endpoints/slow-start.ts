import type { SchedulerLike } from "rxjs";
import type { Candidate } from "./candidate.ts";

/** Number of steps in which a weight grows, and the part of the weight to begin with. */
const STEPS = 20;

/** Gives endpoints that came back a low weight at first, which grows to their configured weight. */
export class SlowStart {
  #nextAt = Number.NEGATIVE_INFINITY;

  /** @param length milliseconds */
  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly length: number,
    private readonly clock: SchedulerLike,
  ) {}

  /** Health has changed: an endpoint may have come back. */
  changed(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Lets the weights grow. @returns whether a weight has changed */
  step(): boolean {
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
