import { SluiceError, type SessionTls, type SocketAddress } from "../../../contract/index.ts";
import type { FirstSource } from "../../first-reading.ts";
import type { AcceptedClient } from "../accepted-client.ts";
import { FirstOfDatagrams } from "./first-of-datagrams.ts";
import type { UdpClientLeg } from "./udp-client-leg.ts";

/** The client of a datagram session. */
export class DatagramClient implements AcceptedClient {
  constructor(readonly leg: UdpClientLeg) {}

  address(): SocketAddress {
    return this.leg.client;
  }

  local(): SocketAddress {
    return this.leg.place.local;
  }

  isGone(): boolean {
    return false;
  }

  first(): FirstSource {
    return new FirstOfDatagrams(this.leg);
  }

  secure(): Promise<SessionTls> {
    return Promise.reject(new SluiceError("SLUICE_INTERNAL", "a UDP session has no TLS"));
  }
}
