import { reasonOf, SluiceError, type BalancePolicy, type SessionFacts } from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";
import type { Policy } from "./policy.ts";
import { RoundRobin } from "./round-robin.ts";

/** Lets a function of the config choose. If it throws, or returns something that is not a candidate, the session that it was called for fails. */
export class OwnPolicy implements Policy {
  readonly #turns: RoundRobin;

  constructor(
    private readonly choose: BalancePolicy,
    last: number | undefined,
  ) {
    this.#turns = new RoundRobin(last);
  }

  get last(): number {
    return this.#turns.last;
  }

  pick(candidates: readonly Candidate[], session: SessionFacts | undefined): Candidate {
    if (session === undefined) return this.#turns.pick(candidates);
    let chosen: unknown;
    try {
      // Facts, in an array of its own: a function that sorts what it was given, or writes into it, changes nothing here.
      chosen = this.choose(
        candidates.map(({ facts }) => facts),
        session,
      );
    } catch (error) {
      throw ownFailure("balance", error);
    }
    const found = candidates.find(({ facts }) => facts === chosen);
    if (found !== undefined) return found;
    throw new SluiceError("SLUICE_BALANCE_FAILED", "the upstream's balance function returned something that is none of the candidates");
  }
}

export function ownFailure(option: "balance" | "hash", error: unknown): SluiceError {
  return new SluiceError("SLUICE_BALANCE_FAILED", `the upstream's ${option} function threw: ${reasonOf(error)}`, { cause: error });
}
