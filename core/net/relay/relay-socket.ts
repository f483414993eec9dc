import { createSocket, type Socket } from "node:dgram";
import { socketAddress, type SocketAddress } from "../../contract/index.ts";
import { sendDirectly } from "../node/direct-send.ts";
import { noLookup, setBuffers, type UdpBuffers } from "../node/udp-socket.ts";

/** Bytes that may wait in the sending queue before datagrams are dropped, as a full kernel buffer would. */
const SEND_QUEUE = 1024 * 1024;
/** The queue is looked at once in so many sends. */
const LOOK_EVERY = 32;

/** Where a socket of a relay is bound, and who reads it. */
export interface RelaySocketOptions {
  readonly family: 4 | 6;
  /** @default every address of the family */
  readonly address?: string;
  readonly buffers: UdpBuffers;
  readonly read: (datagram: Buffer, from: SocketAddress) => void;
}

/** A bound UDP socket that is connected to nobody. An error of one datagram costs that datagram. */
export class RelaySocket {
  /** Whether anything was sent: only then may something come late. */
  used = false;
  #sends = 0;

  private constructor(readonly socket: Socket) {}

  /** Rejects with an error of the operating system. */
  static bind({ family, address, buffers, read }: RelaySocketOptions): Promise<RelaySocket> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", ipv6Only: family === 6, lookup: noLookup });
      let isBound = false;
      socket.on("error", (error) => {
        if (!isBound) socket.close();
        reject(error);
      });
      socket.on("message", (datagram, { address: from, port, family: kind }) => {
        read(datagram, socketAddress(from.split("%", 1)[0] ?? "", port, kind));
      });
      // In a cluster too it is the process's own.
      socket.bind({ port: 0, exclusive: true, ...(address === undefined ? {} : { address }) }, () => {
        isBound = true;
        setBuffers(socket, buffers);
        resolve(new RelaySocket(socket));
      });
    });
  }

  get local(): SocketAddress {
    const { address, port, family } = this.socket.address();
    return socketAddress(address, port, family === "IPv6" ? "IPv6" : "IPv4");
  }

  /** @returns false: it was dropped, since too much waits */
  send(datagram: Buffer, port: number, address: string): boolean {
    this.used = true;
    this.#sends += 1;
    if (this.#sends % LOOK_EVERY === 0 && this.socket.getSendQueueSize() > SEND_QUEUE) return false;
    sendDirectly(this.socket, datagram, port, address);
    return true;
  }
}
