import { LRUCache } from "lru-cache";
import type { Address, Balance } from "../../contract/index.ts";
import { interleave } from "../names/interleave.ts";

/** How long an address that failed is tried last, in milliseconds: AWAY for each failure in a row, MOST_AWAY at most. */
const AWAY = 30_000;
const MOST_AWAY = 300_000;
/** Addresses of one endpoint that are remembered. */
const MAX_ADDRESSES = 256;

/** What is known of one address. */
interface Known {
  /** The turn in which it last went first. */
  led: number;
  /** Open legs. */
  active: number;
  /** Failures in a row, and the time until which it is tried last. */
  misses: number;
  away: number;
}

/**
 * Orders the addresses of one endpoint's name for a try. Within a family, addresses take turns at being first, by the upstream's policy. An address
 * that refused, or that another address overtook, is tried last for a while.
 */
export class AddressTurns {
  readonly #known = new LRUCache<string, Known>({ max: MAX_ADDRESSES });
  #turn = 0;

  /** @param now milliseconds */
  constructor(
    private readonly balance: Balance,
    private readonly random: () => number,
    private readonly now: () => number,
  ) {}

  /** Whether {@link opened} and {@link closed} matter. */
  get counts(): boolean {
    return this.balance === "least-connections";
  }

  /** @param addresses the family of the first goes first */
  order(addresses: readonly Address[]): readonly Address[] {
    if (addresses.length < 2) return addresses;
    const now = this.now();
    const isAway = ({ address }: Address): boolean => (this.#known.get(address)?.away ?? 0) > now;
    const near = this.#arrange(addresses.filter((each) => !isAway(each)));
    const away = addresses.filter(isAway).toSorted((a, b) => this.#of(a.address).away - this.#of(b.address).away);
    const ordered = [...near, ...away];
    this.#turn += 1;
    const [first] = ordered;
    if (first !== undefined) this.#of(first.address).led = this.#turn;
    return ordered;
  }

  /** A leg to the address is open. */
  opened(address: string): void {
    this.#of(address).active += 1;
  }

  closed(address: string): void {
    this.#of(address).active -= 1;
  }

  /** A connection to the address succeeded. */
  worked(address: string): void {
    const known = this.#known.get(address);
    if (known === undefined || known.misses === 0) return;
    known.misses = 0;
    known.away = 0;
  }

  /** The address refused, or did not answer while another one did. */
  missed(address: string): void {
    const known = this.#of(address);
    known.misses += 1;
    known.away = this.now() + Math.min(AWAY * known.misses, MOST_AWAY);
  }

  #arrange(addresses: readonly Address[]): readonly Address[] {
    const [first] = addresses;
    if (first === undefined) return addresses;
    const families = [first.family, first.family === 4 ? 6 : 4].map((family) =>
      this.#byPolicy(addresses.filter((each) => each.family === family)),
    );
    return interleave(families.flat());
  }

  #byPolicy(addresses: readonly Address[]): readonly Address[] {
    if (addresses.length < 2) return addresses;
    if (this.balance === "random") {
      const at = Math.floor(this.random() * addresses.length);
      return [...addresses.slice(at), ...addresses.slice(0, at)];
    }
    const load = ({ address }: Address): number => (this.counts ? this.#of(address).active : 0);
    return addresses.toSorted((a, b) => load(a) - load(b) || this.#of(a.address).led - this.#of(b.address).led);
  }

  #of(address: string): Known {
    let known = this.#known.get(address);
    if (known === undefined) {
      known = { led: 0, active: 0, misses: 0, away: 0 };
      this.#known.set(address, known);
    }
    return known;
  }
}
