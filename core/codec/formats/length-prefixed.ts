import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import { checkBytes } from "../framing/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { noFrame, tooLong } from "../framing/frame-error.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import type { Framing } from "../framing/framing.ts";

/** Options of {@link lengthPrefixed}. */
export interface LengthPrefixedOptions {
  /** Number of bytes of the length itself. */
  readonly bytes: 1 | 2 | 4;
  /** Byte order of the length. @default "big" */
  readonly endian?: "big" | "little";
  /** Bytes in front of the length. With more than 0, a message is the whole frame. @default 0 */
  readonly offset?: number;
  /** Added to the length that was read, to get the number of bytes after it: -4 if a length of 4 bytes counts itself. @default 0 */
  readonly adjust?: number;
  /** Most bytes of a message. @default 1 MiB */
  readonly max?: Size;
}

const refused = (detail: string): Error => wrongArgument("lengthPrefixed", detail);

/** Where the length of a frame stands, and how it is written. */
interface LengthField {
  readonly size: 1 | 2 | 4;
  readonly isLittle: boolean;
  readonly offset: number;
  readonly adjust: number;
}

/**
 * Messages with their length in front. A message is the body after the length; with `offset` it is the whole frame, and the length in it is
 * corrected when its body has become longer or shorter.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid option
 * @example data.pipe(messages(lengthPrefixed({ bytes: 4 }), each((body) => body)))
 * @example lengthPrefixed({ offset: 1, bytes: 4, adjust: -4 }) // PostgreSQL: a letter, then a length that counts itself
 */
export function lengthPrefixed(options: LengthPrefixedOptions): Codec<Buffer> {
  checkOptions("lengthPrefixed", options, ["bytes", "endian", "offset", "adjust", "max"]);
  const { bytes, endian = "big", offset = 0, adjust = 0, max } = options;
  if (![1, 2, 4].includes(bytes)) throw refused(`bytes must be 1, 2 or 4, got ${String(bytes)}`);
  if (!["big", "little"].includes(endian)) throw refused(`endian must be "big" or "little", got ${JSON.stringify(endian)}`);
  if (!Number.isSafeInteger(offset) || offset < 0) throw refused(`offset must be a whole number, at least 0, got ${String(offset)}`);
  if (!Number.isSafeInteger(adjust)) throw refused(`adjust must be a whole number, got ${String(adjust)}`);
  const most = checkMax("lengthPrefixed", max);
  return new FrameCodec(framing({ size: bytes, isLittle: endian === "little", offset, adjust }, most));
}

function framing(field: LengthField, max: number): Framing<Buffer> {
  const { size, offset, adjust } = field;
  const head = offset + size;
  const whole = offset > 0;
  const end = (bytes: Buffer, start: number): number | undefined => {
    if (bytes.length - start < head) return undefined;
    const body = readLength(bytes, start + offset, field) + adjust;
    if (body < 0) throw noFrame("a length is less than 0 after adjust", bytes.subarray(start, start + head));
    if (body + (whole ? head : 0) > max) throw tooLong("a message", max);
    return start + head + body <= bytes.length ? start + head + body : undefined;
  };
  const scanner = { end };
  return {
    isView: true,
    scanner: () => scanner,
    message: (bytes, start, stop) => bytes.subarray(whole ? start : start + head, stop),
    encode: (message) => {
      checkBytes("lengthPrefixed", message);
      return whole ? corrected(message, field) : prefixed(message, field);
    },
  };
}

function readLength(bytes: Buffer, at: number, { size, isLittle }: LengthField): number {
  if (size === 1) return bytes.readUInt8(at);
  if (size === 2) return isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

/** @throws SLUICE_PLUGIN_FRAME for a body whose length does not fit into its bytes */
function writeLength(into: Buffer, body: number, { size, isLittle, adjust }: LengthField): void {
  const value = body - adjust;
  if (value < 0 || value >= 256 ** size) throw noFrame(`a message of ${body} bytes has no length of ${size} bytes`);
  if (isLittle) into.writeUIntLE(value, 0, size);
  else into.writeUIntBE(value, 0, size);
}

/** In one piece of memory; `Buffer.concat` would use three. */
function prefixed(message: Buffer, field: LengthField): Buffer {
  const frame = Buffer.allocUnsafe(field.size + message.length);
  writeLength(frame, message.length, field);
  frame.set(message, field.size);
  return frame;
}

/** The frame with its real length: a new Buffer if the frame has another length in it. */
function corrected(frame: Buffer, field: LengthField): Buffer {
  const { size, offset } = field;
  const body = frame.length - offset - size;
  if (body < 0) throw noFrame(`a frame of ${frame.length} bytes has no room for its length`, frame);
  const length = Buffer.alloc(size);
  writeLength(length, body, field);
  if (length.compare(frame, offset, offset + size) === 0) return frame;
  return Buffer.concat([frame.subarray(0, offset), length, frame.subarray(offset + size)]);
}
