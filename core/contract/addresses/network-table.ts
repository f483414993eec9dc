import type { SocketAddress } from "./address.ts";
import { networkOf, type Network } from "./network-of.ts";

/** Those of one family and prefix: by their bits. */
interface Prefix<T> {
  readonly bits: 32 | 128;
  readonly shift: bigint;
  readonly values: Map<bigint, T[]>;
}

/**
 * Values by network. A look-up costs the same for ten networks as for ten thousand.
 *
 * @example const table = new NetworkTable<string>(); table.add(["10.0.0.0/8"], "ours"); table.of(session.client)
 */
export class NetworkTable<T> {
  readonly #prefixes = new Map<string, Prefix<T>>();
  readonly #unix: T[] = [];

  /** @param texts networks such as `10.0.0.0/8` or `::1`, and `unix` for the clients of unix sockets. Other texts are ignored: check them with `networks()` */
  add(texts: readonly string[], value: T): void {
    for (const text of texts) {
      const network = networkOf(text);
      if (text === "unix") this.#unix.push(value);
      else if (network !== undefined) this.#add(network, value);
    }
  }

  /** The values of all networks that an address is in. Empty for a text that is not an address. */
  of({ address, family }: Pick<SocketAddress, "address" | "family">): T[] {
    if (family === "unix") return [...this.#unix];
    const found = networkOf(address.split("%")[0] ?? "");
    return found === undefined ? [] : Array.from(this.#prefixes.values(), (prefix) => valuesIn(prefix, found)).flat();
  }

  /** Whether an address is in any of the networks. */
  has({ address, family }: Pick<SocketAddress, "address" | "family">): boolean {
    if (family === "unix") return this.#unix.length > 0;
    const found = networkOf(address.split("%")[0] ?? "");
    if (found === undefined) return false;
    for (const prefix of this.#prefixes.values()) if (valuesIn(prefix, found).length > 0) return true;
    return false;
  }

  #add({ bits, prefix, value }: Network, one: T): void {
    const key = `${bits}/${prefix}`;
    const shift = BigInt(bits - prefix);
    const { values } = this.#prefixes.get(key) ?? { values: new Map<bigint, T[]>() };
    this.#prefixes.set(key, { bits, shift, values });
    const same = values.get(value >> shift);
    if (same === undefined) values.set(value >> shift, [one]);
    else same.push(one);
  }
}

const none: readonly never[] = [];

function valuesIn<T>({ bits, shift, values }: Prefix<T>, address: Network): readonly T[] {
  return bits === address.bits ? (values.get(address.value >> shift) ?? none) : none;
}
