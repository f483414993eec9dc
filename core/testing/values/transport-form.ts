import { schemeOf, type ListenAddress, type Transport } from "../../contract/index.ts";
import { transports } from "../../net/transports/table.ts";

/** The transports that clients and upstreams of a test can have: those whose sockets no other program binds. */
export const peerTransports = transports.flatMap(({ freeAddress, ...transport }) =>
  freeAddress === undefined ? [] : [{ ...transport, freeAddress }],
);

/** The properties of a transport. */
export function formOf(address: Pick<ListenAddress, "scheme" | "transport">): (typeof peerTransports)[number] {
  return schemeOf(address, peerTransports);
}

/** Whether one read is one datagram, and a direction has no end. */
export function hasDatagrams(transport: Transport = "tcp"): boolean {
  return formOf({ transport }).datagrams;
}
