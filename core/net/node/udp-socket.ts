import type { Socket } from "node:dgram";
import type { ResolvedSocket } from "../../contract/index.ts";

/**
 * Bytes of the receive buffer, large enough for bursts: Node reads one datagram per system call, and with the default of 208 KiB most of a burst of
 * 5,000 datagrams is lost.
 */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * The `lookup` option of every UDP socket. It is only called with addresses, and returns them. Node calls it before every send of a socket that is
 * not connected: Node's own look-up would use a thread of the pool for that, and a test whether it is an address would take 1 % of the datagram's
 * CPU.
 */
export function noLookup(
  address: string,
  _options: object,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  // Sockets of dgram do not read the family.
  done(null, address, 0);
}

/** Sizes of a UDP socket's buffers in bytes. */
export interface UdpBuffers {
  readonly receive: number;
  /** Undefined: the system's default. */
  readonly send: number | undefined;
}

export const defaultBuffers: UdpBuffers = { receive: RECEIVE_BUFFER, send: undefined };

/** The sizes that a listener's `socket` options ask for. */
export function buffersOf(socket: ResolvedSocket | undefined): UdpBuffers {
  return { receive: socket?.receiveBuffer ?? RECEIVE_BUFFER, send: socket?.sendBuffer };
}

/** Sets both sizes. The system may give less (`net.core.rmem_max`). */
export function setBuffers(socket: Socket, { receive, send }: UdpBuffers): void {
  try {
    socket.setRecvBufferSize(receive);
    if (send !== undefined) socket.setSendBufferSize(send);
  } catch {
    // Some systems refuse a size above their maximum; Linux uses its maximum instead.
  }
}
