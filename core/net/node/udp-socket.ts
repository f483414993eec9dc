import type { Socket } from "node:dgram";
import type { ResolvedSocket } from "../../contract/index.ts";

/** Room for bursts: Node reads one datagram per system call, and the default of 208 KiB drops most of a burst of 5,000. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * Given to every UDP socket as its `lookup`: all it is told are addresses. Node asks before every send of a socket that is not connected:
 * its own look-up takes a thread of the pool for that, and a test whether it is an address 1 % of the datagram's CPU.
 */
export function noLookup(
  address: string,
  _options: object,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  // The family is for others who look names up; sockets of dgram do not read it.
  done(null, address, 0);
}

/** Bytes of a UDP socket's buffers, on either side. */
export interface UdpBuffers {
  readonly receive: number;
  /** Undefined: the system's own. */
  readonly send: number | undefined;
}

export const defaultBuffers: UdpBuffers = { receive: RECEIVE_BUFFER, send: undefined };

/** What a listener's `socket` options ask for. */
export function buffersOf(socket: ResolvedSocket | undefined): UdpBuffers {
  return { receive: socket?.receiveBuffer ?? RECEIVE_BUFFER, send: socket?.sendBuffer };
}

/** The system gives as much of it as it allows (`net.core.rmem_max`). */
export function setBuffers(socket: Socket, { receive, send }: UdpBuffers): void {
  try {
    socket.setRecvBufferSize(receive);
    if (send !== undefined) socket.setSendBufferSize(send);
  } catch {
    // Some systems refuse more than their maximum, where Linux gives that.
  }
}
