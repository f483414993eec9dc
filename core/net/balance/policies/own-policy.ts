import {
  reasonOf,
  SluiceError,
  type BalancePolicy,
  type EndpointCandidate,
  type RequestFacts,
  type SessionFacts,
} from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";
import type { Policy } from "./policy.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Turns } from "./turns.ts";

/** Lets a function of the config choose. If it throws, or returns something that is not a candidate, the session that it was called for fails. */
export class OwnPolicy implements Policy {
  readonly #turns: RoundRobin;
  #among: readonly Candidate[] = [];
  #facts: readonly EndpointCandidate[] = [];
  #byFacts: ReadonlyMap<unknown, Candidate> = new Map();

  constructor(
    private readonly choose: BalancePolicy,
    turns: Turns,
  ) {
    this.#turns = new RoundRobin(turns);
  }

  pick(candidates: readonly Candidate[], session: SessionFacts | undefined, request?: RequestFacts): Candidate {
    if (session === undefined) return this.#turns.pick(candidates);
    if (candidates !== this.#among) this.#use(candidates);
    let chosen: unknown;
    try {
      // Facts, in an array of its own: a function that sorts what it was given, or writes into it, changes nothing here.
      chosen = this.choose([...this.#facts], session, request);
    } catch (error) {
      throw ownFailure("balance", error);
    }
    const found = this.#byFacts.get(chosen);
    if (found !== undefined) return found;
    heard(chosen);
    throw new SluiceError("SLUICE_BALANCE_FAILED", "the upstream's balance function returned something that is none of the candidates");
  }

  /** Nearly always called once: most sessions have the same candidates. */
  #use(candidates: readonly Candidate[]): void {
    this.#among = candidates;
    this.#facts = candidates.map(({ facts }) => facts);
    this.#byFacts = new Map(candidates.map((candidate) => [candidate.facts, candidate]));
  }
}

/** A promise is refused for what it is: its rejection, that of an `async` function that throws, must not become an unhandled one. */
export function heard(returned: unknown): void {
  if (returned instanceof Promise) returned.catch(() => undefined);
}

export function ownFailure(option: "balance" | "hash", error: unknown): SluiceError {
  return new SluiceError("SLUICE_BALANCE_FAILED", `the upstream's ${option} function threw: ${reasonOf(error)}`, { cause: error });
}
