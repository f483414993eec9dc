import { isIPv6 } from "node:net";
import { ipv6Groups } from "../../contract/addresses/ipv6-groups.ts";
import type { ProxyProtocolVersion, SocketAddress } from "../../contract/index.ts";

/** The PROXY protocol, versions 1 and 2: haproxy.org/download/3.0/doc/proxy-protocol.txt. */
const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0;
/** Upper half: the family. */
const IPV4 = 0x10;
const IPV6 = 0x20;
/** Lower half: the transport. */
const STREAM = 1;
const DATAGRAM = 2;

/** The client's address, and the address of the proxy that it connected to. */
export interface ProxiedAddresses {
  readonly client: SocketAddress;
  readonly local: SocketAddress;
}

/**
 * The header that tells an upstream who the client is.
 * @param passage undefined: the connection belongs to the proxy itself
 * @param datagrams the header is for datagrams, and is put in front of each
 */
export function proxyHeader(version: ProxyProtocolVersion, passage: ProxiedAddresses | undefined, datagrams = false): Buffer {
  const ends = passage === undefined ? undefined : endsOf(passage);
  return version === "v1" ? lineOf(ends) : blockOf(ends, datagrams ? DATAGRAM : STREAM);
}

interface Ends {
  readonly isIPv6: boolean;
  readonly from: string;
  readonly to: string;
  readonly ports: readonly [number, number];
}

/**
 * Both addresses in one family: if they differ, the IPv4 one is written as IPv6 (RFC 4291 section 2.5.5.2). Undefined: the client has no address.
 */
function endsOf({ client, local }: ProxiedAddresses): Ends | undefined {
  if (client.family === "unix") return undefined;
  const from = bare(client.address);
  // A proxy in front named the client, and reaches this one by a unix socket: the client connected to no address of this proxy.
  const to = local.family === "unix" ? (isIPv6(from) ? "::" : "0.0.0.0") : bare(local.address);
  const isSix = isIPv6(from) || isIPv6(to);
  const written = (address: string): string => (isSix && !isIPv6(address) ? `::ffff:${address}` : address);
  return { isIPv6: isSix, from: written(from), to: written(to), ports: [client.port, local.port] };
}

/** Without a zone. */
function bare(address: string): string {
  return address.split("%")[0] ?? "";
}

function lineOf(ends: Ends | undefined): Buffer {
  if (ends === undefined) return Buffer.from("PROXY UNKNOWN\r\n");
  return Buffer.from(`PROXY ${ends.isIPv6 ? "TCP6" : "TCP4"} ${ends.from} ${ends.to} ${ends.ports.join(" ")}\r\n`);
}

function blockOf(ends: Ends | undefined, transport: number): Buffer {
  if (ends === undefined) return Buffer.concat([SIGNATURE, Buffer.from([LOCAL, UNSPECIFIED, 0, 0])]);
  const addresses = Buffer.concat([bytesOf(ends.from), bytesOf(ends.to), portBytes(ends.ports)]);
  const head = Buffer.from([PROXY, (ends.isIPv6 ? IPV6 : IPV4) | transport, 0, addresses.length]);
  return Buffer.concat([SIGNATURE, head, addresses]);
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  return Buffer.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff]));
}

function portBytes(ports: readonly number[]): Buffer {
  return Buffer.from(ports.flatMap((port) => [port >> 8, port & 0xff]));
}
