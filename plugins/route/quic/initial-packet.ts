import { createDecipheriv } from "node:crypto";
import { clientKeys, headerMask, versions, type InitialKeys } from "./initial-keys.ts";
import { Reader } from "./reader.ts";

const LONG = 0x80;
/** Limits of the length of a connection id (RFC 9000 sections 17.2 and 7.2). */
const MOST_ID = 20;
const LEAST_FIRST_ID = 8;
/** Packets of one datagram that are looked at: each costs a decryption, and a datagram usually has one. */
const MOST_PACKETS = 16;
const SAMPLE = 16;
const TAG = 16;

/** A packet in a datagram, with its unprotected fields. */
interface Packet {
  readonly version: number;
  readonly connectionId: Buffer;
  readonly type: "initial" | "0-rtt" | "handshake";
  /** The offset of the packet number. */
  readonly number: number;
  readonly bytes: Buffer;
}

interface PacketKeys {
  readonly connectionId: Buffer;
  readonly keys: InitialKeys;
}

/** The types of packets in the order of their numbers, from the number of Initial on. The fourth is Retry. */
const types = ["initial", "0-rtt", "handshake"] as const;

/** What a datagram has of the beginning of a connection. */
interface Beginning {
  /** The contents of its Initial packets. */
  readonly payloads: readonly Buffer[];
  /** It has a packet of 0-RTT, which follows a client's first Initial packet and may overtake it (RFC 9000 section 17.2.3). */
  readonly hasEarlyData: boolean;
}

/** Decrypts the Initial packets of one client, with the keys of its first packet. */
export class InitialPackets {
  #known: PacketKeys | undefined;

  /** A datagram may have several packets, all with one connection id (RFC 9000 section 12.2). */
  open(datagram: Buffer): Beginning {
    const payloads: Buffer[] = [];
    let hasEarlyData = false;
    let first: PacketKeys | undefined;
    let at = 0;
    for (let left = MOST_PACKETS; left > 0 && at < datagram.length; left -= 1) {
      const packet = packetAt(datagram.subarray(at));
      if (packet === undefined) break;
      at += packet.bytes.length;
      first ??= this.#keysOf(packet);
      if (first === undefined || !first.connectionId.equals(packet.connectionId)) continue;
      hasEarlyData ||= packet.type === "0-rtt";
      const payload = packet.type === "initial" ? decrypted(packet, first.keys) : undefined;
      if (payload === undefined) continue;
      payloads.push(payload);
      this.#known = first;
    }
    return { payloads, hasEarlyData };
  }

  /** Those of its first packet, once one has been decrypted. */
  #keysOf({ connectionId, version }: Packet): PacketKeys | undefined {
    if (this.#known !== undefined) return this.#known;
    const known = versions.get(version);
    return known === undefined || connectionId.length < LEAST_FIRST_ID
      ? undefined
      : { connectionId, keys: clientKeys(known, connectionId) };
  }
}

/**
 * The packet with a long header at the beginning of the bytes (RFC 9000 section 17.2); undefined when it has none, or an unknown version. The
 * fixed bit is not looked at: clients may clear it (RFC 9287).
 */
function packetAt(bytes: Buffer): Packet | undefined {
  const reader = new Reader(bytes);
  const first = reader.byte();
  if ((first & LONG) === 0 || bytes.length < 7) return undefined;
  const version = reader.take(4).readUInt32BE(0);
  const known = versions.get(version);
  const connectionId = reader.take(reader.byte());
  const source = reader.take(reader.byte());
  if (known === undefined || reader.isBroken || Math.max(connectionId.length, source.length) > MOST_ID) return undefined;
  const type = types[(((first >> 4) & 3) - known.initial + 4) % 4];
  // A Retry packet has no length, and only servers send it.
  if (type === undefined) return undefined;
  if (type === "initial") reader.take(reader.varint());
  const length = reader.varint();
  const number = reader.at;
  if (reader.isBroken || length > reader.left) return undefined;
  return { version, connectionId, type, number, bytes: bytes.subarray(0, number + length) };
}

/** The decrypted content (RFC 9001 sections 5.3 and 5.4); undefined when the packet was not encrypted with these keys. */
function decrypted({ bytes, number }: Packet, keys: InitialKeys): Buffer | undefined {
  if (bytes.length < number + 4 + SAMPLE) return undefined;
  const mask = headerMask(keys, bytes.subarray(number + 4, number + 4 + SAMPLE));
  const first = (bytes[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const length = (first & 3) + 1;
  const header = Buffer.from(bytes.subarray(0, number + length));
  header[0] = first;
  const nonce = Buffer.from(keys.iv);
  for (let at = 0; at < length; at += 1) {
    const byte = (header[number + at] ?? 0) ^ (mask[1 + at] ?? 0);
    header[number + at] = byte;
    const place = nonce.length - length + at;
    nonce[place] = (nonce[place] ?? 0) ^ byte;
  }
  const decipher = createDecipheriv("aes-128-gcm", keys.key, nonce).setAAD(header);
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  const payload = decipher.update(bytes.subarray(number + length, bytes.length - TAG));
  try {
    decipher.final();
    return payload;
  } catch {
    return undefined;
  }
}
