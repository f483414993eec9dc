import type { SocketAddress } from "sluice";
import { NetworkTable, socketAddress } from "sluice";
import { isIP } from "node:net";

/** Finds the values of `for=` in Forwarded, quoted or not (RFC 7239 section 4). */
const forwardedFor = /(?:^|[;,\s])for\s*=\s*(?:"([^"]*)"|([^;,\s]*))/gi;

/** The proxies in front whose information about clients is trusted: the option `trustedProxies`. */
export class TrustedProxies {
  readonly #networks = new NetworkTable<true>();
  readonly #isEmpty: boolean;

  /** @param trusted addresses and networks, such as `10.0.0.0/8`, and `unix` */
  constructor(trusted: readonly string[]) {
    this.#isEmpty = trusted.length === 0;
    this.#networks.add(trusted, true);
  }

  has(peer: Pick<SocketAddress, "address" | "family">): boolean {
    return !this.#isEmpty && this.#networks.has(peer);
  }

  /**
   * The client of a request: the nearest address in the chain that is not a trusted proxy. If both fields are sent, X-Forwarded-For counts: proxies
   * that set it pass on Forwarded as a client wrote it.
   * @param peer the peer of the connection
   */
  clientOf(peer: SocketAddress, xForwardedFor: string | undefined, forwarded: string | undefined): SocketAddress {
    if (!this.has(peer)) return peer;
    const chain = xForwardedFor === undefined ? elementsOf(forwarded) : xForwardedFor.split(",");
    let client = peer;
    for (const node of chain.toReversed()) {
      const named = addressOf(node.trim());
      // A text that is not an address, such as "unknown": the last known address is the nearest.
      if (named === undefined) return client;
      client = named;
      if (!this.has(named)) return client;
    }
    return client;
  }
}

function elementsOf(forwarded = ""): string[] {
  return Array.from(forwarded.matchAll(forwardedFor), ([, quoted, plain]) => quoted ?? plain ?? "");
}

/** Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function addressOf(node: string): SocketAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d{1,5}))?$/.exec(node) ?? [];
  const address = isIP(node) > 0 ? node : (bracketed ?? plain ?? "");
  const family = isIP(address);
  if (family === 0) return undefined;
  return socketAddress(address, address === node ? 0 : Number(port ?? 0), family === 6 ? "IPv6" : "IPv4");
}
