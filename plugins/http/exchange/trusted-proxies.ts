import type { SocketAddress } from "sluice";
import { socketAddress } from "sluice";
import { BlockList, isIP, isIPv6 } from "node:net";

/** An element of Forwarded: what stands behind `for=`, quoted or not (RFC 7239 section 4). */
const forwardedFor = /(?:^|[;,\s])for\s*=\s*(?:"([^"]*)"|([^;,\s]*))/gi;

/** Proxies in front that are believed when they name their client: `trustedProxies`. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** @param trusted addresses and networks, such as `10.0.0.0/8` */
  constructor(trusted: readonly string[]) {
    this.#isEmpty = trusted.length === 0;
    for (const each of trusted) {
      const [address = "", prefix] = each.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    if (this.#isEmpty || isIP(address) === 0) return false;
    return this.#list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }

  /**
   * Who asked: the nearest address in the chain that is not a trusted proxy. X-Forwarded-For counts where both are sent: proxies that set it
   * pass Forwarded on as a client made it.
   * @param peer who is connected
   */
  clientOf(peer: SocketAddress, xForwardedFor: string | undefined, forwarded: string | undefined): SocketAddress {
    if (this.#isEmpty || !this.has(peer.address)) return peer;
    const chain = xForwardedFor === undefined ? elementsOf(forwarded) : xForwardedFor.split(",");
    let client = peer;
    for (const node of chain.toReversed()) {
      const named = addressOf(node.trim());
      // What nobody can be reached by, "unknown" for one, is nobody's address: the one before is the nearest that is known.
      if (named === undefined) return client;
      client = named;
      if (!this.has(named.address)) return client;
    }
    return client;
  }
}

function elementsOf(forwarded = ""): string[] {
  return Array.from(forwarded.matchAll(forwardedFor), ([, quoted, plain]) => quoted ?? plain ?? "");
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function addressOf(node: string): SocketAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d{1,5}))?$/.exec(node) ?? [];
  const address = isIP(node) > 0 ? node : (bracketed ?? plain ?? "");
  const family = isIP(address);
  if (family === 0) return undefined;
  return socketAddress(address, address === node ? 0 : Number(port ?? 0), family === 6 ? "IPv6" : "IPv4");
}
