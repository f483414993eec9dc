import type { Observable } from "rxjs";
import type { Address, SluiceError } from "../../contract/index.ts";
import type { UdpBuffers } from "../node/udp-socket.ts";

/** How the datagrams of a relay are sent, as its session's pipeline has it at that moment. */
export interface RelayWay {
  readonly resolve: (name: string) => Observable<Address[]>;
  /** The reason never to send somewhere. */
  readonly refuse: (address: string, port: number) => SluiceError | undefined;
  readonly buffers: UdpBuffers;
  /** Milliseconds without a datagram to a target, after which its answers are not taken any more. */
  readonly idle: number;
}
