import { clientKey, SluiceError, type HashKey, type RequestFacts, type SessionFacts } from "../../../contract/index.ts";
import type { Candidate } from "../endpoints/candidate.ts";
import { HashRing } from "./hash-ring.ts";
import { heard, ownFailure } from "./own-policy.ts";
import type { Policy } from "./policy.ts";
import { RoundRobin } from "./round-robin.ts";
import type { Turns } from "./turns.ts";

/** Sends the same key to the same endpoint (ADR 0032). Sessions without a key take the endpoints in turn. */
export class Hash implements Policy {
  readonly #ring: HashRing;
  readonly #turns: RoundRobin;
  #among: readonly Candidate[] = [];
  #byIndex: ReadonlyMap<number, Candidate> = new Map();

  /** @param all endpoints of the upstream, also those that are down, so that the ring stays the same */
  constructor(
    all: readonly Candidate[],
    private readonly key: HashKey,
    turns: Turns,
  ) {
    this.#ring = new HashRing(all);
    this.#turns = new RoundRobin(turns);
  }

  prepare(candidates: readonly Candidate[]): void {
    this.#turns.prepare(candidates);
    this.#use(candidates);
  }

  pick(candidates: readonly Candidate[], session: SessionFacts | undefined, request?: RequestFacts): Candidate {
    const key = session === undefined ? "" : this.#keyOf(session, request);
    if (key === "") return this.#turns.pick(candidates);
    if (candidates !== this.#among) this.#use(candidates);
    const found = this.#ring.find(key, this.#may);
    return this.#byIndex.get(found) ?? this.#turns.pick(candidates);
  }

  #use(candidates: readonly Candidate[]): void {
    this.#among = candidates;
    this.#byIndex = new Map(candidates.map((candidate) => [candidate.index, candidate]));
  }

  readonly #may = (index: number): boolean => this.#byIndex.has(index);

  #keyOf(session: SessionFacts, request?: RequestFacts): string {
    const { key } = this;
    if (typeof key !== "function") return (key === "server-name" ? session.tls?.serverName : undefined) ?? clientKey(session.client);
    let given: unknown;
    try {
      given = key(session, request);
    } catch (error) {
      throw ownFailure("hash", error);
    }
    if (typeof given === "string") return given;
    heard(given);
    throw new SluiceError("SLUICE_BALANCE_FAILED", `the upstream's hash function returned ${kindOf(given)}, expected a text`);
  }
}

function kindOf(value: unknown): string {
  return value instanceof Promise ? "a promise" : value === null ? "null" : typeof value;
}
