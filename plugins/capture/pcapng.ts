/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng). Numbers are little-endian, as the section header's magic says.
 */

/** Packets begin with an IPv4 or IPv6 header (LINKTYPE_RAW). */
const LINKTYPE_RAW = 101;
const NANOSECONDS = 9;
/** What a decryption secrets block has in it: "TLSK". */
const TLS_KEY_LOG = 0x544c534b;

interface Option {
  readonly code: number;
  readonly value: Buffer;
}

const points = ["client leg", "upstream leg"] as const;

/** The facts about a packet. */
export interface PacketFacts {
  /** Index of the leg where it was seen, the number of an interface in the file. */
  readonly point: number;
  /** Nanoseconds since the epoch. */
  readonly at: bigint;
  /** Whether it leaves the proxy. */
  readonly outbound: boolean;
  /** The same number for the same payload at both legs. */
  readonly id: bigint | undefined;
  readonly comment: string | undefined;
}

const text = (code: number, value: string): Option => ({ code, value: Buffer.from(value) });

function padded(length: number): number {
  return (length + 3) & ~3;
}

function optionBytes(options: readonly Option[]): Buffer {
  if (options.length === 0) return Buffer.alloc(0);
  const parts = options.map(({ code, value }) => {
    const bytes = Buffer.alloc(4 + padded(value.length));
    bytes.writeUInt16LE(code, 0);
    bytes.writeUInt16LE(value.length, 2);
    value.copy(bytes, 4);
    return bytes;
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

function block(type: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  body.copy(bytes, 8);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

/** The beginning of every file: the section, and one interface for each leg. */
export function fileHeader(): Buffer {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt16LE(1, 4);
  // -1: the length of the section is not known.
  section.fill(0xff, 8);
  const interfaces = points.map((name) => {
    const body = Buffer.alloc(8);
    body.writeUInt16LE(LINKTYPE_RAW, 0);
    return block(1, Buffer.concat([body, optionBytes([text(2, name), { code: 9, value: Buffer.of(NANOSECONDS) }])]));
  });
  return Buffer.concat([block(0x0a0d0d0a, Buffer.concat([section, optionBytes([text(4, "Sluice")])])), ...interfaces]);
}

/** A decryption secrets block: lines of a TLS key log, for packets behind it. */
export function secretsBlock(lines: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(TLS_KEY_LOG, 0);
  head.writeUInt32LE(lines.length, 4);
  return block(10, Buffer.concat([head, lines, Buffer.alloc(padded(lines.length) - lines.length)]));
}

/** An enhanced packet block. */
export function packetBlock(packet: Buffer, { point, at, outbound, id, comment }: PacketFacts): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(point, 0);
  head.writeUInt32LE(Number(at >> 32n), 4);
  head.writeUInt32LE(Number(at & 0xff_ff_ff_ffn), 8);
  head.writeUInt32LE(packet.length, 12);
  head.writeUInt32LE(packet.length, 16);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(outbound ? 2 : 1);
  const options: Option[] = [{ code: 2, value: flags }];
  if (comment !== undefined) options.unshift(text(1, comment));
  if (id !== undefined) {
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(id);
    options.push({ code: 5, value });
  }
  const padding = Buffer.alloc(padded(packet.length) - packet.length);
  return block(6, Buffer.concat([head, packet, padding, optionBytes(options)]));
}
