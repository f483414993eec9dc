import { lookup } from "node:dns";
import { isIP } from "node:net";

/** Room for bursts: Node reads one datagram per system call, and the default of 208 KiB drops most of a burst of 5,000. */
export const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Given to every UDP socket: an address is not looked up, so a send costs no thread of the pool. A name to bind to is. */
export function addressLookup(
  host: string,
  options: object,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  const family = isIP(host);
  if (family === 0) lookup(host, { ...options, all: false }, done);
  else done(null, host, family);
}
