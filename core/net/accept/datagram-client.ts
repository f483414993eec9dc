import { SluiceError, type SessionTls, type SocketAddress } from "../../contract/index.ts";
import type { AcceptedClient } from "./accepted-client.ts";
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

  secure(): Promise<SessionTls> {
    return Promise.reject(new SluiceError("SLUICE_INTERNAL", "a UDP session has no TLS"));
  }
}
