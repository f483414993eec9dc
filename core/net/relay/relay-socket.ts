import { createSocket, type Socket } from "node:dgram";
import { socketAddress, type SocketAddress } from "../../contract/index.ts";
import { sendDirectly } from "../node/direct-send.ts";
import { noLookup, setBuffers, type UdpBuffers } from "../node/udp-socket.ts";

/** Bytes that may wait in the sending queue before datagrams are dropped, as a full kernel buffer would. */
const SEND_QUEUE = 1024 * 1024;
/** The length of the queue is checked once in so many sends. */
const LOOK_EVERY = 32;

/** The address that a relay's socket is bound to, and the function that reads it. */
export interface RelaySocketOptions {
  readonly family: 4 | 6;
  /** @default every address of the family */
  readonly address?: string;
  readonly buffers: UdpBuffers;
  readonly read: (datagram: Buffer, from: SocketAddress) => void;
}

/** A bound UDP socket that is not connected. An error of a datagram loses only that datagram. */
export class RelaySocket {
  /** Whether anything was sent: only then can late answers come. */
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
      // `exclusive`: in a cluster too the socket belongs to this process alone.
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

  /** @returns false: the datagram was dropped, since too many bytes wait */
  send(datagram: Buffer, port: number, address: string): boolean {
    this.used = true;
    this.#sends += 1;
    if (this.#sends % LOOK_EVERY === 0 && this.socket.getSendQueueSize() > SEND_QUEUE) return false;
    sendDirectly(this.socket, datagram, port, address);
    return true;
  }
}
