import { isIP } from "node:net";
import { addressBytes, type SocketAddress } from "sluice";

const [IPV4, NAME, IPV6] = [1, 3, 4];
/** The offset of the address type, the same in all messages that have an address. */
const TYPE = 3;

/** An address and a port in a message (RFC 1928 section 5), and the offset of their end. */
export interface SocksAddress {
  readonly host: string;
  readonly port: number;
  readonly end: number;
}

/** Reads the address of a request, a reply or a datagram. @returns undefined when more bytes are needed; "unknown" when no such type exists */
export function readAddress(bytes: Buffer): SocksAddress | "unknown" | undefined {
  if (bytes.length < TYPE + 2) return undefined;
  const [kind, first] = [bytes.readUInt8(TYPE), bytes.readUInt8(TYPE + 1)];
  const start = TYPE + (kind === NAME ? 2 : 1);
  const size = { [IPV4]: 4, [NAME]: first, [IPV6]: 16 }[kind];
  if (size === undefined) return "unknown";
  const end = start + size;
  if (bytes.length < end + 2) return undefined;
  return { host: hostOf(bytes.subarray(start, end), kind), port: bytes.readUInt16BE(end), end: end + 2 };
}

/** Whether two texts are the same IP address, in any spelling. */
export function isSameAddress(one: string, other: string): boolean {
  return isIP(one) !== 0 && isIP(one) === isIP(other) && addressBytes(one).equals(addressBytes(other));
}

/** Writes an address: type, address and port. */
export function addressOf({ address, port, family }: SocketAddress): Buffer {
  return Buffer.concat([Buffer.from([family === "IPv6" ? IPV6 : IPV4]), addressBytes(address), Buffer.from([port >> 8, port & 0xff])]);
}

function hostOf(raw: Buffer, kind: number): string {
  if (kind === NAME) return raw.toString("latin1");
  if (kind === IPV4) return raw.join(".");
  return Array.from({ length: 8 }, (_, index) => raw.readUInt16BE(index * 2).toString(16)).join(":");
}
