import { isIP } from "node:net";
import type { Session, SocketAddress } from "sluice";
import type { ConversationEnd } from "./packet.ts";

// Addresses that no machine has: networks for tests of devices (RFC 2544, RFC 5180).
const madeUp = { 4: (last: number) => `198.18.0.${last}`, 6: (last: number) => `2001:2::${last}` } as const;

/** The made-up address of an end that has no IP address. */
const UNIX_CLIENT = 1;
const UNIX_LISTENER = 2;
const PROXY = 3;
const UPSTREAM = 4;

/** The two ends of a leg: the one that opened it, and the one that accepted it. */
export interface LegEnds {
  readonly from: ConversationEnd;
  readonly to: ConversationEnd;
}

/** Ports that are made up: those from 1024 on. */
const PORTS = 64_512;
/** Of the connections of one session to its upstream: far apart, so that they seldom meet those of another. */
const APART = 7919;
/** A port that sessions which are open at one time do not share. */
const portOf = ({ id }: Session, attempt = 0): number => 1024 + ((id + attempt * APART) % PORTS);

/** The ends of the client's leg. A unix socket gets made-up addresses, an unknown port a made-up port. */
export function clientEnds(session: Session): LegEnds {
  const { client, peer, local } = session;
  if (local.family === "unix")
    return { from: { address: madeUp[4](UNIX_CLIENT), port: portOf(session) }, to: { address: madeUp[4](UNIX_LISTENER), port: 1 } };
  const known: SocketAddress = client.family === local.family ? client : peer;
  return { from: { address: known.address, port: known.port || portOf(session) }, to: local };
}

/** A connection to the upstream: the port that the proxy has there is made up, and so is the address of an endpoint that is a name, a path or a plugin. */
export function upstreamEnds(session: Session, endpoint: string, attempt: number): LegEnds {
  const [, v6, other = "", digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(endpoint) ?? [];
  const host = v6 ?? other;
  const family = isIP(host) === 6 ? 6 : 4;
  const address = isIP(host) === 0 ? madeUp[4](UPSTREAM) : host;
  return { from: { address: madeUp[family](PROXY), port: portOf(session, attempt) }, to: { address, port: Number(digits ?? 1) } };
}
