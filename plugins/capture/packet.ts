import { addressBytes } from "sluice";

/** One end of a conversation. The addresses of both ends have the same family. */
export interface ConversationEnd {
  readonly address: string;
  readonly port: number;
}

interface TcpFields {
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: number;
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

interface Protocol {
  readonly protocol: number;
  /** The offset of the checksum in a segment; the bytes there are 0 until it is computed. */
  readonly checksumAt: number;
}
const TCP: Protocol = { protocol: 6, checksumAt: 16 };
const UDP: Protocol = { protocol: 17, checksumAt: 6 };
const HOPS = 64;

/** Bytes of data in one packet: an IPv4 packet has at most 65535 bytes, and IPv6 packets are not made larger. */
export const MAX_PAYLOAD = 65_535 - 40 - 20;
/** The largest datagrams: the length field of IPv6 does not count the IPv6 header (RFC 8200). */
export const MAX_DATAGRAM = { 4: 65_535 - 20 - 8, 6: 65_535 - 8 } as const;

/** The one's complement sum of RFC 1071. */
function sumOf(bytes: Uint8Array, start = 0): number {
  let sum = start;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (even < bytes.length) sum += (bytes[even] ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

function ipHeader(from: Buffer, to: Buffer, protocol: number, length: number): Buffer {
  if (from.length === 16) {
    const header = Buffer.alloc(8);
    header[0] = 0x60;
    header.writeUInt16BE(length, 4);
    header[6] = protocol;
    header[7] = HOPS;
    return Buffer.concat([header, from, to]);
  }
  const header = Buffer.alloc(12);
  header[0] = 0x45;
  header.writeUInt16BE(length + 20, 2);
  // The flag "don't fragment": these packets were never fragmented.
  header[6] = 0x40;
  header[8] = HOPS;
  header[9] = protocol;
  const whole = Buffer.concat([header, from, to]);
  whole.writeUInt16BE(~sumOf(whole) & 0xffff, 10);
  return whole;
}

function packet(from: ConversationEnd, to: ConversationEnd, segment: Buffer, { protocol, checksumAt }: Protocol): Buffer {
  const [source, target] = [addressBytes(from.address), addressBytes(to.address)];
  const pseudo = sumOf(target, sumOf(source, protocol + segment.length));
  const checksum = ~sumOf(segment, pseudo) & 0xffff;
  // RFC 768: a checksum of 0 means that there is none.
  segment.writeUInt16BE(checksum === 0 && protocol === UDP.protocol ? 0xffff : checksum, checksumAt);
  return Buffer.concat([ipHeader(source, target, protocol, segment.length), segment]);
}

export function tcpPacket(
  from: ConversationEnd,
  to: ConversationEnd,
  { sequence, acknowledged, flags }: TcpFields,
  payload: Uint8Array,
): Buffer {
  const segment = Buffer.alloc(20 + payload.length);
  segment.writeUInt16BE(from.port, 0);
  segment.writeUInt16BE(to.port, 2);
  segment.writeUInt32BE(sequence, 4);
  segment.writeUInt32BE(acknowledged, 8);
  segment[12] = 0x50;
  segment[13] = flags;
  segment.writeUInt16BE(0xffff, 14);
  segment.set(payload, 20);
  return packet(from, to, segment, TCP);
}

export function udpPacket(from: ConversationEnd, to: ConversationEnd, payload: Uint8Array): Buffer {
  const segment = Buffer.alloc(8 + payload.length);
  segment.writeUInt16BE(from.port, 0);
  segment.writeUInt16BE(to.port, 2);
  segment.writeUInt16BE(segment.length, 4);
  segment.set(payload, 8);
  return packet(from, to, segment, UDP);
}
