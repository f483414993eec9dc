import { createDecipheriv } from "node:crypto";
import { clientKeys, headerMask, versions, type InitialKeys } from "./initial-keys.ts";
import { Reader } from "./reader.ts";

const LONG = 0x80;
const FIXED = 0x40;
/** Limits of the length of a connection id (RFC 9000 sections 17.2 and 7.2). */
const MOST_ID = 20;
const LEAST_FIRST_ID = 8;
const SAMPLE = 16;
const TAG = 16;

/** A packet in a datagram, with its unprotected fields. */
interface Packet {
  readonly version: number;
  readonly connectionId: Buffer;
  readonly isInitial: boolean;
  /** The offset of the packet number. */
  readonly number: number;
  readonly bytes: Buffer;
}

/** Decrypts the Initial packets of one client, with the keys of its first packet. */
export class InitialPackets {
  #connectionId: Buffer | undefined;
  #keys: InitialKeys | undefined;

  /** The contents of the Initial packets in a datagram. There may be several, with other packets between them (RFC 9000 section 12.2). */
  open(datagram: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    for (let at = 0; at < datagram.length;) {
      const packet = packetAt(datagram.subarray(at));
      if (packet === undefined) break;
      const payload = packet.isInitial ? this.#open(packet) : undefined;
      if (payload !== undefined) payloads.push(payload);
      at += packet.bytes.length;
    }
    return payloads;
  }

  #open(packet: Packet): Buffer | undefined {
    const { connectionId, version } = packet;
    if (this.#connectionId?.equals(connectionId) === false) return undefined;
    const known = versions.get(version);
    if (known === undefined || connectionId.length < LEAST_FIRST_ID) return undefined;
    const keys = this.#keys ?? clientKeys(known, connectionId);
    const payload = decrypted(packet, keys);
    if (payload === undefined) return undefined;
    this.#connectionId = connectionId;
    this.#keys = keys;
    return payload;
  }
}

/** The packet with a long header at the beginning of the bytes (RFC 9000 section 17.2); undefined when it has none, or an unknown version. */
function packetAt(bytes: Buffer): Packet | undefined {
  const reader = new Reader(bytes);
  const first = reader.byte();
  if ((first & (LONG | FIXED)) !== (LONG | FIXED) || bytes.length < 7) return undefined;
  const version = reader.take(4).readUInt32BE(0);
  const known = versions.get(version);
  const connectionId = reader.take(reader.byte());
  const source = reader.take(reader.byte());
  if (known === undefined || reader.isBroken || Math.max(connectionId.length, source.length) > MOST_ID) return undefined;
  const type = (first >> 4) & 3;
  const isInitial = type === known.initial;
  // A Retry packet has no length, and only servers send it.
  if (type === (known.initial + 3) % 4) return undefined;
  if (isInitial) reader.take(reader.varint());
  const length = reader.varint();
  const number = reader.at;
  if (reader.isBroken || length > reader.left) return undefined;
  return { version, connectionId, isInitial, number, bytes: bytes.subarray(0, number + length) };
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
