import { isIPv6 } from "node:net";
import { ipv6Groups } from "../../contract/addresses/ipv6-groups.ts";
import type { ProxyProtocolVersion, ProxyTlvName, SessionTls, SocketAddress } from "../../contract/index.ts";

/** The PROXY protocol, versions 1 and 2: haproxy.org/download/3.0/doc/proxy-protocol.txt. */
const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0;
const LOCAL_BLOCK = Buffer.concat([SIGNATURE, Buffer.from([LOCAL, UNSPECIFIED, 0, 0])]);
/** Upper half: the family. */
const IPV4 = 0x10;
const IPV6 = 0x20;
/** Lower half: the transport. */
const STREAM = 1;
const DATAGRAM = 2;
// The extensions of a PROXY header, section 2.2 of the protocol's specification.
const TYPE = { alpn: 0x01, authority: 0x02, ssl: 0x20, version: 0x21, commonName: 0x22, cipher: 0x23 } as const;
/** The client used TLS; it showed a certificate on this connection; it showed one in this TLS session. */
const [CLIENT_SSL, CERTIFICATE_ON_CONNECTION, CERTIFICATE_IN_SESSION] = [0x01, 0x02, 0x04];
/** The longest name that is sent; the specification allows as much for a server name. */
const LONGEST = 255;

/** The client's address, the address of the proxy that it connected to, and its TLS. */
export interface Introduced {
  readonly client: SocketAddress;
  readonly local: SocketAddress;
  readonly tls?: SessionTls | undefined;
}

export interface HeaderOptions {
  readonly version: ProxyProtocolVersion;
  readonly tlvs?: readonly ProxyTlvName[] | undefined;
  /** The header is for datagrams, and is put in front of each. */
  readonly datagrams?: boolean;
}

/**
 * The header that tells an upstream who the client is.
 * @param client undefined: the connection belongs to the proxy itself
 */
export function proxyHeader({ version, tlvs = [], datagrams = false }: HeaderOptions, client: Introduced | undefined): Buffer {
  const ends = client === undefined ? undefined : endsOf(client);
  if (version === "v1") return lineOf(ends);
  return ends === undefined ? LOCAL_BLOCK : blockOf(ends, datagrams ? DATAGRAM : STREAM, tlvsOf(client?.tls, tlvs));
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
function endsOf({ client, local }: Introduced): Ends | undefined {
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

function blockOf(ends: Ends, transport: number, tlvs: Buffer): Buffer {
  const rest = Buffer.concat([bytesOf(ends.from), bytesOf(ends.to), portBytes(ends.ports), tlvs]);
  const head = Buffer.from([PROXY, (ends.isIPv6 ? IPV6 : IPV4) | transport, rest.length >> 8, rest.length & 0xff]);
  return Buffer.concat([SIGNATURE, head, rest]);
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  return Buffer.from(ipv6Groups(address).flatMap((group) => [group >> 8, group & 0xff]));
}

function portBytes(ports: readonly number[]): Buffer {
  return Buffer.from(ports.flatMap((port) => [port >> 8, port & 0xff]));
}

/** The extensions with these names, as far as something is known: a client without TLS has none. */
function tlvsOf(tls: SessionTls | undefined, names: readonly ProxyTlvName[]): Buffer {
  if (tls === undefined || names.length === 0) return Buffer.alloc(0);
  const known: Record<ProxyTlvName, Buffer> = {
    alpn: tlv(TYPE.alpn, tls.protocol),
    authority: tlv(TYPE.authority, tls.serverName),
    ssl: tls.version === undefined ? Buffer.alloc(0) : tlv(TYPE.ssl, sslOf(tls)),
  };
  return Buffer.concat([...new Set(names)].map((name) => known[name]));
}

function sslOf({ version, cipher, resumed, clientCertificate }: SessionTls): Buffer {
  const hasCertificate = clientCertificate !== undefined && Object.keys(clientCertificate).length > 0;
  const shown = CERTIFICATE_IN_SESSION | (resumed === true ? 0 : CERTIFICATE_ON_CONNECTION);
  const verify = Buffer.alloc(4);
  // 0: the client's certificate was verified.
  verify.writeUInt32BE(hasCertificate ? 0 : 1);
  const commonName = hasCertificate ? [clientCertificate.subject.CN].flat()[0] : undefined;
  return Buffer.concat([
    Buffer.from([CLIENT_SSL | (hasCertificate ? shown : 0)]),
    verify,
    tlv(TYPE.version, version),
    tlv(TYPE.commonName, commonName),
    tlv(TYPE.cipher, cipher),
  ]);
}

/** Nothing, if there is no value or it is too long. */
function tlv(type: number, value: string | Buffer | undefined): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : (value ?? Buffer.alloc(0));
  if (bytes.length === 0 || (typeof value === "string" && bytes.length > LONGEST)) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
