import type { SchedulerLike } from "rxjs";
import type { Candidate } from "./candidate.ts";

/** Steps in which a weight grows, and the part of it that there is from the beginning. */
const STEPS = 20;

/** Endpoints that came back have little weight at first, which grows until it is theirs. */
export class SlowStart {
  #nextAt = Number.NEGATIVE_INFINITY;

  /** @param length milliseconds */
  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly length: number,
    private readonly clock: SchedulerLike,
  ) {}

  /** Health has changed: somebody may have come back. */
  changed(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Lets the weights grow. @returns whether one is another now */
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
