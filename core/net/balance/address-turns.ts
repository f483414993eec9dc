import { LRUCache } from "lru-cache";
import type { Address, Balance } from "../../contract/index.ts";
import { interleave } from "../names/interleave.ts";

/** How long an address that failed goes last, in milliseconds: so much for each time in a row, and no longer than the other. */
const AWAY = 30_000;
const MOST_AWAY = 300_000;
/** So many addresses of one endpoint are remembered. */
const MAX_ADDRESSES = 256;

/** What is known of one address. */
interface Known {
  /** The turn in which it last went first. */
  led: number;
  /** Open legs. */
  active: number;
  /** How often it failed in a row, and until when it goes last. */
  misses: number;
  away: number;
}

/**
 * The addresses of one endpoint's name, in the order in which they are tried: they take turns at going first by the upstream's policy,
 * within their family; one that refused, or that another overtook, goes last for a while.
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

  /** It could be connected to. */
  worked(address: string): void {
    const known = this.#known.get(address);
    if (known === undefined || known.misses === 0) return;
    known.misses = 0;
    known.away = 0;
  }

  /** It refused, or kept silent while another answered. */
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
