import type { SocketAddress } from "./address.ts";
import { isIPv6 } from "./endpoint.ts";

/**
 * Who counts as one client, for limits and buckets: an IPv4 address, or the /64 of an IPv6 address, since one subscriber has all of that.
 * An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. All clients of a unix socket that nobody named are one.
 *
 * @param client `session.client`, or `request.client` where requests of several clients may come over one connection
 */
export function clientKey({ address: text }: Pick<SocketAddress, "address">): string {
  if (!text.includes(":")) return text;
  const [address = ""] = text.split("%");
  if (!isIPv6(address)) return text;
  const groups = expand(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join(".");
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  // The URL parser (WHATWG, "IPv6 serializer") leaves one spelling: hexadecimal groups with at most one "::".
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const head = groupsOf(left);
  const tail = groupsOf(right);
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

function groupsOf(text = ""): string[] {
  return text === "" ? [] : text.split(":");
}
