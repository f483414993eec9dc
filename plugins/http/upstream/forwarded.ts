import type { HttpHeaders, Session } from "sluice";
import { isIPv6 } from "node:net";
import { first } from "../message/header-fields.ts";
import type { TrustedProxies } from "../exchange/trusted-proxies.ts";

/** Also X_Forwarded_For: CGI and WSGI make the same variable of it. */
const owned = /^(x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded)$/;

interface Peer {
  readonly address: string;
  /** As Forwarded has it (RFC 7239 section 6). */
  readonly node: string;
  readonly port: string;
  readonly trusted: boolean;
  /** The last host asked for, and what Forwarded says with it. */
  host: string | undefined;
  element: string;
}

/** The forwarding fields that are believed: none, unless the client is a proxy that the config trusts. */
export class Forwarded {
  /** What is said of a session's client in each of its requests. */
  readonly #peers = new WeakMap<Session, Peer>();

  constructor(private readonly trusted: TrustedProxies) {}

  /** Sets X-Forwarded-For, -Host, -Proto, -Port and Forwarded; of a trusted peer's, For and Forwarded are added to, the others kept. */
  set(headers: HttpHeaders, session: Session, scheme: string): void {
    const peer = this.#peerOf(session);
    if (!peer.trusted) disown(headers);
    const host = first(headers, "host") ?? "";
    headers["x-forwarded-for"] = joined(headers["x-forwarded-for"], peer.address);
    if (peer.host !== host) {
      peer.host = host;
      peer.element = `for=${peer.node};host="${host}";proto=${scheme}`;
    }
    headers["forwarded"] = joined(headers["forwarded"], peer.element);
    headers["x-forwarded-host"] ??= host;
    headers["x-forwarded-proto"] ??= scheme;
    headers["x-forwarded-port"] ??= peer.port;
  }

  #peerOf(session: Session): Peer {
    let peer = this.#peers.get(session);
    if (peer === undefined) {
      const address = session.client.address === "" ? "unknown" : session.client.address;
      const node = isIPv6(address) ? `"[${address}]"` : address;
      peer = { address, node, port: String(session.local.port), trusted: this.trusted.has(address), host: undefined, element: "" };
      this.#peers.set(session, peer);
    }
    return peer;
  }
}

function disown(headers: HttpHeaders): void {
  // All of them begin with an x or an f.
  for (const name of Object.keys(headers))
    if ((name.startsWith("x") || name.startsWith("f")) && owned.test(name)) Reflect.deleteProperty(headers, name);
}

function joined(before: string | string[] | undefined, element: string): string {
  return before === undefined ? element : [before, element].flat().join(", ");
}
