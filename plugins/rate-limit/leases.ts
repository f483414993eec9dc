import { LRUCache } from "lru-cache";

/** Milliseconds after which tokens that were taken in advance expire. */
const LIFETIME = 1_000;

interface Lease {
  tokens: number;
  readonly until: number;
}

/** Tokens that this process has taken in advance, so that it need not ask the server for every chunk. */
export class Leases {
  readonly #leases: LRUCache<string, Lease>;

  constructor(maxKeys: number) {
    this.#leases = new LRUCache({ max: maxKeys });
  }

  /** Spends `cost` tokens. @returns whether enough were left; if not, nothing is spent */
  spend(key: string, cost: number, now: number): boolean {
    const lease = this.#leases.get(key);
    if (lease === undefined || lease.tokens < cost || now >= lease.until) return false;
    lease.tokens -= cost;
    return true;
  }

  add(key: string, tokens: number, now: number): void {
    const left = this.#leases.get(key);
    const rest = left === undefined || now >= left.until ? 0 : left.tokens;
    this.#leases.set(key, { tokens: rest + tokens, until: now + LIFETIME });
  }
}
