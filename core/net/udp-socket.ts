/** Room for bursts: Node reads one datagram per system call, and the default of 208 KiB drops most of a burst of 5,000. */
export const RECEIVE_BUFFER = 4 * 1024 * 1024;

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
