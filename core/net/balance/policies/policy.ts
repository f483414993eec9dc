import type { RequestFacts, SessionFacts } from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";

/** Chooses one of an upstream's endpoints. One object per upstream and generation. */
export interface Policy {
  /**
   * @param candidates in the config's order, at least one; nearly always the array that `prepare` was given
   * @param session the session to choose for; undefined: the work belongs to no session
   * @param request its request, if an endpoint is chosen for each
   */
  pick(candidates: readonly Candidate[], session: SessionFacts | undefined, request?: RequestFacts): Candidate;
  /**
   * Called with the candidates that are valid from now on, so that `pick` need not look at each of them. Their weights do not change until the next
   * call.
   */
  prepare?(candidates: readonly Candidate[]): void;
}

/** A candidate's load, which least-connections and random-two compare. */
export function loadOf({ sessions, weight }: Candidate): number {
  return sessions / weight;
}

/** The first of candidates: there is always one. */
export function firstOf(candidates: readonly Candidate[]): Candidate {
  const [first] = candidates;
  if (first === undefined) throw new TypeError("an upstream has at least one endpoint");
  return first;
}
