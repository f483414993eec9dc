import type { SchedulerLike } from "rxjs";
import type { Endpoint } from "../../contract/index.ts";
import type { Candidate } from "./candidate.ts";

/** How long an endpoint that failed is tried last, in milliseconds. */
const PENALTY = 1_000;

/** Endpoints that are tried last for a moment, since they have just failed. */
export class Penalties {
  /** By an endpoint's text: a reload makes new objects of the same endpoints. */
  readonly #until: Map<string, number>;

  /** @param before of the generation before */
  constructor(
    private readonly clock: SchedulerLike,
    before: Penalties | undefined,
  ) {
    this.#until = new Map(before === undefined ? [] : before.#until);
  }

  add({ text }: Endpoint): void {
    this.#until.set(text, this.clock.now() + PENALTY);
  }

  /** Those of the candidates that have not just failed, or all of them when each has. */
  narrow(candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.#until.size === 0) return candidates;
    const now = this.clock.now();
    for (const [text, until] of this.#until) {
      const left = until - now;
      // A clock that stepped back makes no penalty longer.
      if (left <= 0 || left > PENALTY) this.#until.delete(text);
    }
    if (this.#until.size === 0) return candidates;
    const rest = candidates.filter(({ address }) => !this.#until.has(address));
    return rest.length === 0 || rest.length === candidates.length ? candidates : rest;
  }
}
