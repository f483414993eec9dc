import type { SocketAddress } from "./address.ts";
import { isIPv6 } from "./endpoint.ts";
import { ipv6Groups } from "./ipv6-groups.ts";

/**
 * The key of one client, for limits and buckets: an IPv4 address, or the /64 of an IPv6 address, since one subscriber has a whole /64.
 * An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address. All clients of a unix socket that no plugin named are one.
 *
 * @param client `session.client`, or `request.client` if requests of several clients may share a connection
 */
export function clientKey({ address: text }: Pick<SocketAddress, "address">): string {
  if (!text.includes(":")) return text;
  const [address = ""] = text.split("%");
  if (!isIPv6(address)) return text;
  const groups = ipv6Groups(address);
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
