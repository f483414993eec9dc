import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions } from "../../contract/options/arguments.ts";
import { checkBytes } from "../framing/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { noFrame, tooLong } from "../framing/frame-error.ts";
import { FrameCodec } from "../framing/frame-codec.ts";

/** Options of {@link varintPrefixed}. */
export interface VarintPrefixedOptions {
  /** Most bytes of a message. @default 1 MiB */
  readonly max?: Size;
}

/** Most bytes of a varint: 64 bits. */
const LONGEST = 10;

/**
 * Messages with their length in front as a varint: seven bits per byte, the lowest first, as in a stream of Protocol Buffers messages.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid `max`
 * @example data.pipe(messages(varintPrefixed(), each((body) => body)))
 */
export function varintPrefixed(options: VarintPrefixedOptions = {}): Codec<Buffer> {
  checkOptions("varintPrefixed", options, ["max"]);
  const most = checkMax("varintPrefixed", options.max);
  const end = (bytes: Buffer, start: number): number | undefined => {
    const head = headEnd(bytes, start);
    if (head === undefined) return undefined;
    const length = valueOf(bytes, start, head);
    if (length > most) throw tooLong("a message", most);
    return head + length <= bytes.length ? head + length : undefined;
  };
  const scanner = { end };
  return new FrameCodec({
    isView: true,
    scanner: () => scanner,
    message: (bytes, start, stop) => bytes.subarray(headEnd(bytes, start), stop),
    encode: (message) => {
      checkBytes("varintPrefixed", message);
      return Buffer.concat([varint(message.length), message]);
    },
  });
}

/** Where the varint ends; undefined: not yet. */
function headEnd(bytes: Buffer, start: number): number | undefined {
  for (let at = start; at < bytes.length; at += 1) {
    if (at - start >= LONGEST) throw noFrame("a length is no varint", bytes.subarray(start, at));
    if ((bytes[at] ?? 0) < 0x80) return at + 1;
  }
  return undefined;
}

/** Computed without shifts: they have 32 bits. */
function valueOf(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at -= 1) value = value * 128 + ((bytes[at] ?? 0) & 0x7f);
  return value;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return Buffer.from([...bytes, rest]);
}
