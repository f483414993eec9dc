import { isIPv4, isIPv6 } from "./endpoint.ts";
import { ipv6Groups } from "./ipv6-groups.ts";

/** The bytes of an address as one number; the first `prefix` bits count. */
export interface Network {
  readonly bits: 32 | 128;
  readonly prefix: number;
  readonly value: bigint;
}

const MAPPED = 0xffffn << 32n;

/** `10.0.0.0/8`, `::1`, `fd00::/8`. An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. */
export function networkOf(text: string): Network | undefined {
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
