import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import { checkBytes } from "../framing/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { DelimiterScanner } from "./delimiter-scanner.ts";
import { FrameCodec } from "../framing/frame-codec.ts";

/** Options of {@link delimited}. */
export interface DelimitedOptions {
  /** Most bytes of a message, without its delimiter. @default 1 MiB */
  readonly max?: Size;
}

/**
 * Messages are the bytes between delimiters.
 *
 * @param delimiter what ends a message: bytes, or a text in UTF-8
 * @throws SLUICE_PLUGIN_ARGUMENT for an empty delimiter, or an invalid `max`
 * @example data.pipe(messages(delimited(Buffer.from([0])), each((message) => message)))
 */
export function delimited(delimiter: Uint8Array | string, options: DelimitedOptions = {}): Codec<Buffer> {
  checkOptions("delimited", options, ["max"]);
  const isGiven = typeof delimiter === "string" || delimiter instanceof Uint8Array;
  if (!isGiven || delimiter.length === 0) throw wrongArgument("delimited", "the delimiter must be bytes or a text, and not empty");
  const ending = Buffer.from(delimiter as string);
  const most = checkMax("delimited", options.max);
  return new FrameCodec({
    isView: true,
    scanner: () => new DelimiterScanner(ending, most, "a message"),
    message: (bytes, start, end) => bytes.subarray(start, end - ending.length),
    last: (rest) => rest,
    encode: (message) => {
      checkBytes("delimited", message);
      return Buffer.concat([message, ending]);
    },
  });
}
