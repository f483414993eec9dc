import { z } from "zod";
import type { SocketAddress } from "./address.ts";
import { isIPv4, isIPv6 } from "./endpoint.ts";
import { ipv6Groups } from "./ipv6-groups.ts";

/** The bytes of an address as one number; the first `prefix` bits count. */
interface Network {
  readonly bits: 32 | 128;
  readonly prefix: number;
  readonly value: bigint;
}

const MAPPED = 0xffffn << 32n;

/** A set of networks, and perhaps the clients of unix sockets. */
export class Networks {
  readonly #networks: readonly Network[];
  readonly #hasUnix: boolean;

  /** @param texts checked by the schema {@link networks} */
  constructor(texts: readonly string[]) {
    this.#hasUnix = texts.includes("unix");
    this.#networks = texts.flatMap((text) => networkOf(text) ?? []);
  }

  /** Whether an address is in one of them; false for a text that is not an address. */
  has({ address, family }: Pick<SocketAddress, "address" | "family">): boolean {
    if (family === "unix") return this.#hasUnix;
    const found = networkOf(address.split("%")[0] ?? "");
    if (found === undefined) return false;
    return this.#networks.some(({ bits, prefix, value }) => bits === found.bits && (value ^ found.value) >> BigInt(bits - prefix) === 0n);
  }
}

/** `10.0.0.0/8`, `::1`, `fd00::/8`. An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. */
function networkOf(text: string): Network | undefined {
  const [, address = "", digits] = /^([^/%]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIPv4(address)) {
    const value = address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
    return network(32, value, digits);
  }
  if (!isIPv6(address)) return undefined;
  const value = ipv6Groups(address).reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  const found = network(128, value, digits);
  if (found === undefined || (value ^ MAPPED) >> 32n !== 0n || found.prefix < 96) return found;
  return { bits: 32, value: value & 0xffffffffn, prefix: found.prefix - 96 };
}

function network(bits: 32 | 128, value: bigint, digits: string | undefined): Network | undefined {
  const prefix = digits === undefined ? bits : Number(digits);
  return prefix <= bits ? { bits, value, prefix } : undefined;
}

const expected = 'expected an address or a network such as "10.0.0.0/8", "::1" or "fd00::/8", or "unix" for the clients of unix sockets';

/** A zod schema for a list of networks: addresses, CIDR networks, and `"unix"`; its output tells whether an address is in one of them. */
export function networks(): z.ZodType<Networks, readonly string[]> {
  const one = z.string({ error: expected }).refine((text) => text === "unix" || networkOf(text) !== undefined, { error: expected });
  return z
    .array(one, { error: 'expected a list of networks such as ["10.0.0.0/8"]' })
    .min(1, { error: "expected at least one network" })
    .transform((texts) => new Networks(texts));
}
