import { LRUCache } from "lru-cache";
import type { Address } from "../../contract/index.ts";

const MAX_NAMES = 1_000;

interface Answer {
  readonly addresses: readonly Address[];
  /** When the answer came, and the first moment at which it may no longer be used, on the memory's clock. */
  readonly since: number;
  readonly until: number;
}

/** The addresses of names. Each answer is kept for its lowest time to live; when there are too many names, the one unused longest is forgotten. */
export class AnswerMemory {
  // Without lru-cache's `ttl`, as 0 means "for ever" there.
  readonly #answers = new LRUCache<string, Answer>({ max: MAX_NAMES });

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number) {}

  /** A remembered answer that is still valid, with the rest of its time to live. */
  get(name: string): Address[] | undefined {
    const answer = this.#answers.get(name);
    const now = this.now();
    if (answer === undefined || now >= answer.until) return undefined;
    const age = Math.floor((now - answer.since) / 1_000);
    return answer.addresses.map(({ address, family, ttl }) => ({ address, family, ttl: Math.max(0, ttl - age) }));
  }

  /** Keeps an answer for its lowest time to live. With 0, only those who have asked get it. */
  keep(name: string, addresses: readonly Address[]): void {
    const ttl = Math.min(...addresses.map((address) => address.ttl));
    const since = this.now();
    this.#answers.set(name, { addresses, since, until: since + ttl * 1_000 });
  }

  /** Forgets an answer. @returns its addresses, also if its time is over */
  drop(name: string): readonly Address[] {
    const answer = this.#answers.get(name);
    this.#answers.delete(name);
    return answer?.addresses ?? [];
  }

  clear(): void {
    this.#answers.clear();
  }
}
