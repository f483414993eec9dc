import { createCipheriv, randomBytes } from "node:crypto";
import { clientKeys, headerMask, versions } from "../../plugins/route/quic/initial-keys.ts";

export const V1 = 0x00_00_00_01;
export const V2 = 0x6b_33_43_cf;

export interface InitialOptions {
  readonly version?: number;
  readonly connectionId?: Buffer;
  readonly number?: number;
  readonly token?: Buffer;
  /** Bytes that the frames are padded to. @default 1162, for a datagram of 1200 */
  readonly padTo?: number;
  /** The fixed bit of the header, which a client may clear (RFC 9287). @default 0x40 */
  readonly fixedBit?: number;
}

const varint = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value + 0x80_00_00_00);
  return bytes;
};

/** A CRYPTO frame (RFC 9000 section 19.6). */
export function cryptoFrame(offset: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([6]), varint(offset), varint(data.length), data]);
}

/** An Initial packet of a client, protected (RFC 9001 section 5). */
export function initialPacket(frames: Buffer, options: InitialOptions = {}): Buffer {
  const {
    version = V1,
    connectionId = Buffer.from("8394c8f03e515708", "hex"),
    number = 0,
    token = Buffer.alloc(0),
    padTo = 1162,
    fixedBit = 0x40,
  } = options;
  const known = versions.get(version) ?? { salt: Buffer.alloc(20), label: "quic", initial: 0 };
  const keys = clientKeys(known, connectionId);
  const payload = Buffer.concat([frames, Buffer.alloc(Math.max(0, padTo - frames.length))]);
  const numbers = Buffer.alloc(4);
  numbers.writeUInt32BE(number);
  const header = Buffer.concat([
    headerStart(0x83 | fixedBit | (known.initial << 4), version, connectionId),
    varint(token.length),
    token,
    varint(4 + payload.length + 16),
    numbers,
  ]);
  const nonce = Buffer.from(keys.iv);
  xorInto(nonce, 8, numbers);
  const cipher = createCipheriv("aes-128-gcm", keys.key, nonce).setAAD(header);
  const body = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const mask = headerMask(keys, body.subarray(0, 16));
  xorInto(header, 0, Buffer.of((mask[0] ?? 0) & 0x0f));
  xorInto(header, header.length - 4, mask.subarray(1, 5));
  return Buffer.concat([header, body]);
}

/** A packet of 0-RTT, with content that only the server could decrypt (RFC 9000 section 17.2.3). */
export function zeroRttPacket({ version = V1, connectionId = Buffer.from("8394c8f03e515708", "hex") }: InitialOptions = {}): Buffer {
  const type = ((versions.get(version)?.initial ?? 0) + 1) % 4;
  return Buffer.concat([headerStart(0xc3 | (type << 4), version, connectionId), varint(100), randomBytes(100)]);
}

/** A long header up to the end of the connection ids; the client's own is empty. */
function headerStart(first: number, version: number, connectionId: Buffer): Buffer {
  const versionBytes = Buffer.alloc(4);
  versionBytes.writeUInt32BE(version);
  return Buffer.concat([Buffer.from([first]), versionBytes, Buffer.from([connectionId.length]), connectionId, Buffer.from([0])]);
}

function xorInto(bytes: Buffer, at: number, mask: Buffer): void {
  for (const [index, value] of mask.entries()) bytes[at + index] = (bytes[at + index] ?? 0) ^ value;
}
