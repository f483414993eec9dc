import { LRUCache } from "lru-cache";
import type { Address } from "../../contract/index.ts";

const MAX_NAMES = 1_000;

interface Answer {
  readonly addresses: readonly Address[];
  /** When it came, and the first moment it may no longer be used, on the memory's clock. */
  readonly since: number;
  readonly until: number;
}

/** Addresses of names, each for the lowest time to live of its answer; of the names the one unused longest is forgotten. */
export class AnswerMemory {
  // No ttl of lru-cache: to it, 0 means for ever.
  readonly #answers = new LRUCache<string, Answer>({ max: MAX_NAMES });

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number) {}

  /** What is left of an answer, with what is left of its time to live. */
  get(name: string): Address[] | undefined {
    const answer = this.#answers.get(name);
    const now = this.now();
    if (answer === undefined || now >= answer.until) return undefined;
    const age = Math.floor((now - answer.since) / 1_000);
    return answer.addresses.map(({ address, family, ttl }) => ({ address, family, ttl: Math.max(0, ttl - age) }));
  }

  /** An answer of time to live 0 is for its askers alone. */
  keep(name: string, addresses: readonly Address[]): void {
    const ttl = Math.min(...addresses.map((address) => address.ttl));
    const since = this.now();
    this.#answers.set(name, { addresses, since, until: since + ttl * 1_000 });
  }

  /** Lets go of an answer. @returns its addresses, also where its time was over */
  drop(name: string): readonly Address[] {
    const answer = this.#answers.get(name);
    this.#answers.delete(name);
    return answer?.addresses ?? [];
  }

  clear(): void {
    this.#answers.clear();
  }
}
