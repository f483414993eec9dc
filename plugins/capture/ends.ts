import { isIP } from "node:net";
import type { Session, SocketAddress } from "sluice";
import type { End } from "./packet.ts";

// Nobody's addresses: networks for tests of devices (RFC 2544, RFC 5180).
const madeUp = { 4: (last: number) => `198.18.0.${last}`, 6: (last: number) => `2001:2::${last}` } as const;

/** The made-up address of an end that has no IP address. */
const UNIX_CLIENT = 1;
const UNIX_LISTENER = 2;
const PROXY = 3;
const UPSTREAM = 4;

/** The two ends of a leg: who opened it, who took it. */
export interface LegEnds {
  readonly from: End;
  readonly to: End;
}

/** A port that sessions which are open at one time do not share. */
const portOf = ({ id }: Session): number => 1024 + (id % 64_512);

/** The client's leg. A unix socket, and what is not known, gets an address that is made up. */
export function clientEnds(session: Session): LegEnds {
  const { client, peer, local } = session;
  if (local.family === "unix")
    return { from: { address: madeUp[4](UNIX_CLIENT), port: portOf(session) }, to: { address: madeUp[4](UNIX_LISTENER), port: 1 } };
  const known: SocketAddress = client.family === local.family ? client : peer;
  return { from: { address: known.address, port: known.port || portOf(session) }, to: local };
}

/** The upstream's leg: the port that the proxy has there is made up, and so is the address of an endpoint that is a name, a path or a plugin. */
export function upstreamEnds(session: Session): LegEnds {
  const [, v6, other = "", digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(session.upstream ?? "") ?? [];
  const host = v6 ?? other;
  const family = isIP(host) === 6 ? 6 : 4;
  const address = isIP(host) === 0 ? madeUp[4](UPSTREAM) : host;
  return { from: { address: madeUp[family](PROXY), port: portOf(session) }, to: { address, port: Number(digits ?? 1) } };
}
