import type { Observable } from "rxjs";
import type { Address, SluiceError } from "../../contract/index.ts";
import type { UdpBuffers } from "../node/udp-socket.ts";

/** How the datagrams of a relay are sent, by the pipeline that its session has at the moment. */
export interface RelayWay {
  readonly resolve: (name: string) => Observable<Address[]>;
  /** The reason why nothing may be sent to an address. */
  readonly refuse: (address: string, port: number) => SluiceError | undefined;
  readonly buffers: UdpBuffers;
  /** Milliseconds without a datagram to a target after which its answers are no longer accepted. */
  readonly idle: number;
}
