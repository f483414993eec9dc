import type { FirstReader, FirstSource } from "../../first-reading.ts";
import type { UdpClientLeg } from "./udp-client-leg.ts";

/** The first datagrams of a UDP client, one by one. They wait in the client's leg, which limits their number. */
export class FirstOfDatagrams implements FirstSource {
  #at = -1;

  constructor(private readonly leg: UdpClientLeg) {}

  start(reader: FirstReader): void {
    let size = 0;
    this.leg.watchEarly({
      datagram: (datagram, at) => {
        this.#at = at;
        size += datagram.length;
        reader.given(datagram, size);
      },
      gone: () => reader.gone(),
    });
  }

  stop(taken: number): void {
    this.leg.watchEarly(undefined);
    this.leg.shorten(this.#at, taken);
  }
}
