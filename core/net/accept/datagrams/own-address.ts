import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { SocketAddress } from "../../../contract/index.ts";

/**
 * Whether dialling an address with a listener's own port reaches that listener. All ways of writing it count: 0.0.0.0 and :: lead to this machine
 * itself, ::ffff:127.0.0.1 is 127.0.0.1, and a wildcard listener is at every address of the machine.
 */
export function isOwnAddress(host: string, { address }: Pick<SocketAddress, "address">): boolean {
  const dialled = canonical(host);
  const own = canonical(address);
  if (dialled === own) return true;
  if (isWildcard(dialled)) return isLoopback(own) || isWildcard(own);
  return isWildcard(own) && (isLoopback(dialled) || machineAddresses().has(dialled));
}

/** Whether an address, in any way of writing it, means all addresses of this machine. */
export function isWildcard(address: string): boolean {
  const plain = canonical(address);
  return plain === "0.0.0.0" || plain === "::";
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function machineAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => canonical(address)));
}

/** The canonical text of an address: IPv6 as in URLs and without a zone; an IPv4 address that is mapped into IPv6 as IPv4. */
function canonical(address: string): string {
  if (isIP(address) !== 6) return address;
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, "")}]`);
  const [, high, low] = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return hostname.slice(1, -1);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(Number.parseInt(high, 16), 0);
  bytes.writeUInt16BE(Number.parseInt(low, 16), 2);
  return bytes.join(".");
}
