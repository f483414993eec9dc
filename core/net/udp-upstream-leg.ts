import { createSocket, type Socket } from "node:dgram";
import type { Leg, LegReader } from "../contract/index.ts";
import { sendDirectly } from "./direct-send.ts";
import { noLookup, RECEIVE_BUFFER } from "./udp-socket.ts";

/** Bytes that may wait in the sending queue before datagrams are dropped, as a full kernel buffer would. */
const SEND_QUEUE = 1024 * 1024;
/** The queue is looked at once in so many sends. */
const LOOK_EVERY = 32;

/**
 * The upstream leg of a UDP session: a connected socket of its own, so that replies find their client and the kernel filters strangers.
 * An unreachable upstream is reported by ICMP on a later send; that costs the datagram, never the session, which answers again when
 * the upstream is back.
 */
export class UdpUpstreamLeg implements Leg {
  readonly datagrams = true;
  readonly borrows = false;
  readonly pending = 0;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  #closed = false;
  #sends = 0;

  constructor(private readonly socket: Socket) {}

  read(reader: LegReader): void {
    this.socket.on("message", (datagram) => {
      reader.data(datagram);
    });
  }

  resume(): void {
    // Datagrams cannot be held back.
  }

  write(datagram: Buffer): boolean {
    if (this.#closed) return true;
    this.#sends += 1;
    if (this.#sends % LOOK_EVERY === 0 && this.socket.getSendQueueSize() > SEND_QUEUE) return true;
    sendDirectly(this.socket, datagram);
    return true;
  }

  end(): void {
    // UDP has no FIN.
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.close(() => this.onClosed?.());
  }
}

/** Opens a socket connected to an address. The callback gets an error of the operating system, or the leg. */
export function dialUdp(
  address: string,
  family: 4 | 6,
  port: number,
  done: (error: Error | undefined, leg: UdpUpstreamLeg) => void,
): Socket {
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", lookup: noLookup, recvBufferSize: RECEIVE_BUFFER });
  const leg = new UdpUpstreamLeg(socket);
  let open = false;
  socket.on("error", (error) => {
    if (!open) done(error, leg);
  });
  socket.connect(port, address, () => {
    open = true;
    done(undefined, leg);
  });
  return socket;
}
