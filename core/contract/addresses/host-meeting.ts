import { isIPv4, isIPv6 } from "./endpoint.ts";

/** How two hosts relate as addresses to listen on: they are the same, one contains the other (a wildcard), or neither. */
export type Meeting = "same" | "overlap" | "apart";

/** The canonical form of an IP address: IPv6 as in URLs, and plain IPv4 for an IPv4 address mapped into IPv6. A name is left unchanged. */
export function canonicalHost(host: string): string {
  const [address = "", zone] = host.split("%", 2);
  if (isIPv4(host) || !isIPv6(host)) return host;
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return zone === undefined ? plain : `${plain}%${zone}`;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}

/** Whether a host, in any way of writing it, means all addresses of this machine. */
export function isWildcard(host: string): boolean {
  const plain = canonicalHost(host.split("%", 1)[0] ?? "");
  return plain === "0.0.0.0" || plain === "::";
}

/**
 * Whether two listeners with these hosts, on the same port, conflict. By default a bound `::` takes IPv4 too, on every platform; `0.0.0.0`
 * takes IPv4 only. A name conflicts only with itself and with `::`, since its addresses are not known here.
 */
export function hostsMeet(one: string, other: string): Meeting {
  const [a, b] = [canonicalHost(one), canonicalHost(other)];
  if (a === b) return "same";
  return covers(a, b) || covers(b, a) ? "overlap" : "apart";
}

function covers(wildcard: string, host: string): boolean {
  if (wildcard === "::") return true;
  return wildcard === "0.0.0.0" && isIPv4(host);
}
