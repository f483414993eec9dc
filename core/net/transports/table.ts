import type { ListenAddress } from "../../contract/index.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import type { Transport } from "./transport.ts";
import { udp } from "./udp.ts";
import { unix } from "./unix.ts";

/** By scheme. */
export const transports: Readonly<Record<string, Transport>> = { tcp, udp, tls, unix };

/** How a listener is bound and its upstreams are reached. */
export function transportOf({ transport }: Pick<ListenAddress, "transport">): Transport {
  return transports[transport] ?? tcp;
}
