import type { SocketAddress } from "sluice";
import { NetworkTable, socketAddress } from "sluice";
import { isIP } from "node:net";
import { forwardedElements } from "./forwarded-elements.ts";

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
    const chain = xForwardedFor === undefined ? nodesOf(forwarded) : xForwardedFor.split(",");
    return addressOf(chain[this.indexOfClient(chain)] ?? "") ?? peer;
  }

  /**
   * Where the client is in a chain of proxies, of which the nearest is the last: the nearest address that is not a trusted proxy. A text that is not an
   * address, such as "unknown", ends the search: then it is the last address found. -1: there is none.
   */
  indexOfClient(chain: readonly string[]): number {
    for (let at = chain.length - 1; at >= 0; at -= 1) {
      const named = addressOf(chain[at] ?? "");
      if (named === undefined) return at + 1 < chain.length ? at + 1 : -1;
      if (!this.has(named)) return at;
    }
    return chain.length > 0 ? 0 : -1;
  }
}

function nodesOf(forwarded = ""): string[] {
  return forwardedElements(forwarded).flatMap(({ node }) => node ?? []);
}

/** Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
export function addressOf(text: string): SocketAddress | undefined {
  const node = text.trim();
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d{1,5}))?$/.exec(node) ?? [];
  const address = isIP(node) > 0 ? node : (bracketed ?? plain ?? "");
  const family = isIP(address);
  if (family === 0) return undefined;
  return socketAddress(address, address === node ? 0 : Number(port ?? 0), family === 6 ? "IPv6" : "IPv4");
}
