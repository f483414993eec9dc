import { schemeOf, type ListenAddress } from "../../contract/index.ts";
import { fd } from "./fd.ts";
import { fdTls } from "./fd-tls.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import type { Transport } from "./transport.ts";
import { udp } from "./udp.ts";
import { unix } from "./unix.ts";

/** All transports, in the order in which messages name them. */
export const transports: readonly Transport[] = [tcp, udp, tls, unix, fd, fdTls];

/** The transport of a listener, and of the connections to its upstreams. */
export function transportOf(address: Pick<ListenAddress, "scheme" | "transport">): Transport {
  return schemeOf(address, transports);
}
