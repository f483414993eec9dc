import { isIPv6 } from "node:net";

/** Room for bursts: Node reads one datagram per system call, and the default of 208 KiB drops most of a burst of 5,000. */
export const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Given to every UDP socket: what it sends to is an address already, so a send costs no thread of the pool. */
export function addressLookup(address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, isIPv6(address) ? 6 : 4);
}
