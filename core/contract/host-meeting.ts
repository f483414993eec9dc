import { isIPv4, isIPv6 } from "./endpoint.ts";

/** How two hosts stand to each other as places to listen on: one and the same, one within the other (as in a wildcard), or neither. */
export type Meeting = "same" | "overlap" | "apart";

/** The one way of writing an IP address: IPv6 as URLs have it, IPv4 for what is mapped into it. A name is left as it is. */
export function canonicalHost(host: string): string {
  const [address = "", zone] = host.split("%", 2);
  if (isIPv4(host) || !isIPv6(host)) return host;
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return zone === undefined ? plain : `${plain}%${zone}`;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}

/**
 * Whether two listeners with these hosts, on one port, stand in each other's way. A bound `::` takes IPv4 too on every platform's
 * default; `0.0.0.0` takes IPv4 only. A name meets only itself, and `::`: what it stands for is not known here.
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
