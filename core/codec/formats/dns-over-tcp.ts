import { decode, encode, type Packet } from "dns-packet";
import type { Codec } from "../framing/codec.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import { noFrame } from "../framing/frame-error.ts";
import type { FrameScanner } from "../framing/framing.ts";

const PREFIX = 2;

const scanner: FrameScanner = {
  end(bytes, start) {
    if (bytes.length - start < PREFIX) return undefined;
    const stop = start + PREFIX + bytes.readUInt16BE(start);
    return stop <= bytes.length ? stop : undefined;
  },
};

/**
 * Messages are DNS packets, as objects of the package `dns-packet`, each after its length in two bytes (RFC 1035 section 4.2.2).
 *
 * @example data.pipe(messages(dnsOverTcp(), each((packet) => packet)))
 */
export function dnsOverTcp(): Codec<Packet> {
  return new FrameCodec<Packet>({
    isView: false,
    scanner: () => scanner,
    message: (bytes, start, stop) => packetOf(bytes.subarray(start + PREFIX, stop)),
    encode: framed,
  });
}

function packetOf(bytes: Buffer): Packet {
  try {
    // A copy: raw data of records would be views of memory that may be read into again.
    return decode(Buffer.from(bytes));
  } catch (error) {
    throw noFrame("a DNS packet that cannot be read", bytes, error);
  }
}

function framed(packet: Packet): Buffer {
  const bytes = encode(packet);
  if (bytes.length > 0xff_ff) throw noFrame(`a DNS packet of ${bytes.length} bytes has no length of 2 bytes`);
  const length = Buffer.alloc(PREFIX);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
