import type { HttpHeaders, Session } from "sluice";
import { first } from "../../message/header-fields.ts";
import { nodeOf } from "../../exchange/forwarded-elements.ts";
import type { TrustedProxies } from "../../exchange/trusted-proxies.ts";
import { addOtherForm } from "./forwarded-forms.ts";

/** The forwarding fields, also spelt like X_Forwarded_For: CGI and WSGI make the same variable of both. */
const owned = /^(x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded)$/;

interface Peer {
  readonly address: string;
  /** The client in the form of Forwarded (RFC 7239 section 6). */
  readonly node: string;
  readonly port: string;
  readonly trusted: boolean;
  /** The host of the last request, and the Forwarded value for it. */
  host: string | undefined;
  element: string;
}

/** Sets the forwarding fields. Those of the client are trusted only if it is one of the config's trusted proxies. */
export class Forwarded {
  /** The values for a session's client, which are the same in each of its requests. */
  readonly #peers = new WeakMap<Session, Peer>();

  constructor(private readonly trusted: TrustedProxies) {}

  /**
   * Sets X-Forwarded-For, -Host, -Proto, -Port and Forwarded. With a trusted peer, X-Forwarded-For and Forwarded are extended, or made of each other
   * if it sends one of them, and the others are kept.
   */
  set(headers: HttpHeaders, session: Session, scheme: string): void {
    const peer = this.#peerOf(session);
    if (peer.trusted) addOtherForm(headers, this.trusted);
    else disown(headers);
    const host = first(headers, "host") ?? "";
    headers["x-forwarded-for"] = joined(headers["x-forwarded-for"], peer.address);
    if (peer.host !== host) peer.element = `for=${peer.node};host="${host}";proto=${scheme}`;
    // The newest text: of two that are equal, the characters are compared for each request.
    peer.host = host;
    headers["forwarded"] = joined(headers["forwarded"], peer.element);
    headers["x-forwarded-host"] ??= host;
    headers["x-forwarded-proto"] ??= scheme;
    headers["x-forwarded-port"] ??= peer.port;
  }

  #peerOf(session: Session): Peer {
    let peer = this.#peers.get(session);
    if (peer === undefined) {
      const address = session.client.address === "" ? "unknown" : session.client.address;
      peer = {
        address,
        node: nodeOf(address),
        port: String(session.local.port),
        trusted: this.trusted.has(session.client),
        host: undefined,
        element: "",
      };
      this.#peers.set(session, peer);
    }
    return peer;
  }
}

function disown(headers: HttpHeaders): void {
  // All forwarding fields begin with x or f.
  for (const name of Object.keys(headers))
    if ((name.startsWith("x") || name.startsWith("f")) && owned.test(name)) Reflect.deleteProperty(headers, name);
}

function joined(before: string | string[] | undefined, element: string): string {
  // An empty field adds nothing: upstreams could take it for the first client.
  if (before === undefined || before === "") return element;
  return [before, element]
    .flat()
    .filter((value) => value !== "")
    .join(", ");
}
