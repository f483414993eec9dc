import type { FirstBytes, SocketAddress } from "sluice";
import { addressOf, readAddress } from "./socks-address.ts";

/** A client's violation of SOCKS5. */
export class SocksFault extends Error {
  constructor(
    message: string,
    /** The bytes that the client is answered with. */
    readonly answer: Buffer,
  ) {
    super(message);
  }
}

/** Codes of replies (RFC 1928 section 6). */
export const replies = {
  done: 0,
  failed: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  expired: 6,
  commandUnknown: 7,
  addressUnknown: 8,
} as const;

/** @param bound the address for the client's datagrams. For connections it is 0.0.0.0:0: the address of the upstream connection is not disclosed */
export function replyWith(code: number, bound?: SocketAddress): Buffer {
  const head = Buffer.from([5, code, 0]);
  return Buffer.concat([head, bound === undefined ? Buffer.from([1, 0, 0, 0, 0, 0, 0]) : addressOf(bound)]);
}

/** Reads the methods of authentication that a client offers (RFC 1928 section 3). */
export function readGreeting(bytes: Buffer): FirstBytes<readonly number[]> | undefined {
  if (bytes.length > 0 && bytes[0] !== 5) throw new SocksFault(`its version is ${bytes[0]}, not 5`, Buffer.from([5, 0xff]));
  const length = 2 + (bytes[1] ?? 0);
  return bytes.length < 2 || bytes.length < length ? undefined : { taken: length, value: [...bytes.subarray(2, length)] };
}

/** Reads a name and a password (RFC 1929 section 2). */
export function readUser(bytes: Buffer): FirstBytes<{ readonly name: string; readonly password: string }> | undefined {
  if (bytes.length > 0 && bytes[0] !== 1) throw new SocksFault("its name and password are malformed", Buffer.from([1, 1]));
  const middle = 2 + (bytes[1] ?? 0);
  const end = middle + 1 + (bytes[middle] ?? 0);
  if (bytes.length < 2 || bytes.length <= middle || bytes.length < end) return undefined;
  return { taken: end, value: { name: bytes.toString("utf8", 2, middle), password: bytes.toString("utf8", middle + 1, end) } };
}

/** A client's request (RFC 1928 section 4). */
export interface SocksRequest {
  readonly command: number;
  readonly host: string;
  readonly port: number;
}

/** @throws SocksFault */
export function readRequest(bytes: Buffer): FirstBytes<SocksRequest> | undefined {
  const [version = 5, command = 0, reserved = 0] = bytes;
  if (version !== 5 || reserved !== 0) throw new SocksFault("its request is malformed", replyWith(replies.failed));
  if (bytes.length < 5) return undefined;
  const found = readAddress(bytes);
  if (found === "unknown") throw new SocksFault(`its request has an address of type ${bytes[3]}`, replyWith(replies.addressUnknown));
  return found === undefined ? undefined : { taken: found.end, value: { command, host: found.host, port: found.port } };
}
