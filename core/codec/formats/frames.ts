import { reasonOf, SluiceError, type Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { noFrame, tooLong } from "../framing/frame-error.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import type { FrameScanner } from "../framing/framing.ts";

/** How custom frames end, for {@link frames}. */
export interface FrameSpec {
  /**
   * Returns the number of bytes of the whole frame at the beginning of `buffer`, undefined while that is not known. `buffer` has everything that
   * has come, also of later frames; the function is called again with each chunk until it returns a number. An exception means: not a frame.
   */
  readonly size: (buffer: Buffer) => number | undefined;
  /** Most bytes of a frame. @default 1 MiB */
  readonly max?: Size;
}

/** The same with custom messages, for {@link frames}. */
export interface TypedFrameSpec<M> extends FrameSpec {
  /** Returns the message in one whole frame. An exception means: not a frame. */
  readonly decode: (frame: Buffer) => M;
  /** Returns the whole frame of a message. */
  readonly encode: (message: M) => Buffer;
}

const refused = (detail: string): Error => wrongArgument("frames", detail);

/**
 * A custom codec, made from a function that tells the size of a frame. A message is the whole frame, or the result of `decode`.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT without `size`, for `decode` without `encode`, or for an invalid `max`
 * @example frames({ size: (buffer) => (buffer.length < 3 ? undefined : 3 + buffer.readUInt16LE(1)) })
 */
export function frames(spec: FrameSpec): Codec<Buffer>;
export function frames<M>(spec: TypedFrameSpec<M>): Codec<M>;
export function frames(spec: FrameSpec | TypedFrameSpec<unknown>): Codec<never> {
  if (typeof spec?.size !== "function") throw refused("size must be a function");
  checkOptions("frames", spec, ["size", "max", "decode", "encode"]);
  const { size, decode, encode } = spec as Partial<TypedFrameSpec<unknown>> & FrameSpec;
  if ((decode === undefined) !== (encode === undefined)) throw refused("decode and encode belong together");
  const max = checkMax("frames", spec.max);
  return new FrameCodec<unknown>({
    isView: decode === undefined,
    scanner: () => new SizeScanner(size, max),
    message: (bytes, start, end) => {
      const frame = bytes.subarray(start, end);
      return decode === undefined ? frame : asked(() => decode(frame), frame);
    },
    encode: (message) => (encode === undefined ? (message as Buffer) : encode(message)),
  }) as unknown as Codec<never>;
}

/** The result of the author's function for a frame; its exception means that this is not a frame. */
function asked<T>(question: () => T, frame: Buffer): T {
  try {
    return question();
  } catch (error) {
    throw SluiceError.is(error) ? error : noFrame(reasonOf(error), frame, error);
  }
}

class SizeScanner implements FrameScanner {
  #size: number | undefined;

  constructor(
    private readonly size: (buffer: Buffer) => number | undefined,
    private readonly max: number,
  ) {}

  end(bytes: Buffer, start: number): number | undefined {
    const there = bytes.length - start;
    if (there === 0) return undefined;
    this.#size ??= this.#ask(bytes.subarray(start));
    const size = this.#size;
    if (size === undefined ? there > this.max : size > this.max) throw tooLong("a frame", this.max);
    if (size === undefined || size > there) return undefined;
    this.#size = undefined;
    return start + size;
  }

  #ask(buffer: Buffer): number | undefined {
    const size = asked(() => this.size(buffer), buffer);
    if (size !== undefined && (!Number.isSafeInteger(size) || size < 1)) throw noFrame(`size gave ${String(size)}`, buffer);
    return size;
  }
}
