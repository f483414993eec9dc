import type { SchedulerLike } from "rxjs";
import type { Endpoint } from "../../../contract/index.ts";
import type { Candidate } from "./candidate.ts";

/** How long an endpoint that failed is tried last, in milliseconds. */
const PENALTY = 1_000;

/** Endpoints that are tried last for a moment, since they have just failed. */
export class Penalties {
  /** The end of each penalty, by the endpoint's text: a reload makes new objects for the same endpoints. */
  readonly #until: Map<string, number>;
  /** The last answer of `narrow`, for policies that prepare for an array: it is the same array while nothing changes. */
  #narrowed: { readonly of: readonly Candidate[]; readonly rest: readonly Candidate[] } | undefined;

  /** @param before the penalties of the previous generation */
  constructor(
    private readonly clock: SchedulerLike,
    before: Penalties | undefined,
  ) {
    this.#until = new Map(before === undefined ? [] : before.#until);
  }

  add({ text }: Endpoint): void {
    if (!this.#until.has(text)) this.#narrowed = undefined;
    this.#until.set(text, this.clock.now() + PENALTY);
  }

  /** The candidates that have not just failed; all of them if each one has. */
  narrow(candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.#until.size === 0) return candidates;
    const now = this.clock.now();
    for (const [text, until] of this.#until) {
      const left = until - now;
      // A clock that was set back must not make a penalty longer.
      if (left > 0 && left <= PENALTY) continue;
      this.#until.delete(text);
      this.#narrowed = undefined;
    }
    if (this.#until.size === 0) return candidates;
    if (this.#narrowed?.of !== candidates) this.#narrowed = { of: candidates, rest: this.#without(candidates) };
    return this.#narrowed.rest;
  }

  #without(candidates: readonly Candidate[]): readonly Candidate[] {
    const rest = candidates.filter(({ address }) => !this.#until.has(address));
    return rest.length === 0 || rest.length === candidates.length ? candidates : rest;
  }
}
