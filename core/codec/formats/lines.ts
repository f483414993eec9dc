import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import { checkText } from "../framing/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { DelimiterScanner } from "./delimiter-scanner.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import type { FrameScanner, Framing } from "../framing/framing.ts";
import { bytesOf, textOf, type TextEncoding } from "./text.ts";

/** Options of {@link lines}. */
export interface LinesOptions {
  /** What ends a line. @default "\n" */
  readonly delimiter?: string;
  /** Most bytes of a line, without its delimiter. @default 1 MiB */
  readonly max?: Size;
  /**
   * How bytes become text. In UTF-8, bytes that are not a character become lone surrogates (U+DC80 to U+DCFF), and these become the same bytes again.
   * @default "utf8"
   */
  readonly encoding?: Exclude<BufferEncoding, "hex" | "base64" | "base64url">;
}

/** The names of encodings that Buffer knows. "hex" and "base64" are no encodings of text, and Buffer's "ascii" would lose a bit of some bytes. */
const encodings: ReadonlyMap<string, TextEncoding> = new Map([
  ...["utf8", "utf-8"].map((name) => [name, "utf8"] as const),
  ...["latin1", "binary", "ascii"].map((name) => [name, "latin1"] as const),
  ...["utf16le", "utf-16le", "ucs2", "ucs-2"].map((name) => [name, "utf16le"] as const),
]);

/**
 * Messages are lines of text, without their delimiter; a `\r` in front of `\n` stays.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid option
 * @example data.pipe(messages(lines(), each((line) => line.toUpperCase())))
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  checkOptions("lines", options, ["delimiter", "max", "encoding"]);
  const { delimiter = "\n", max, encoding = "utf8" } = options;
  const given: unknown = encoding;
  const known = encodings.get(String(given).toLowerCase());
  if (known === undefined) throw wrongArgument("lines", `encoding must be "utf8", "latin1" or "utf16le", got ${JSON.stringify(encoding)}`);
  if (typeof delimiter !== "string" || delimiter === "") throw wrongArgument("lines", "delimiter must be a text, and not an empty one");
  return new FrameCodec(new LineFraming(delimiter, checkMax("lines", max), known));
}

/** Lines of text, also for codecs that are built on lines. */
export class LineFraming implements Framing<string> {
  readonly isView = true;
  readonly #delimiter: Buffer;

  constructor(
    private readonly ending: string,
    private readonly max: number,
    private readonly encoding: TextEncoding,
  ) {
    this.#delimiter = Buffer.from(ending, encoding);
  }

  scanner(): FrameScanner {
    return new DelimiterScanner(this.#delimiter, this.max, "a line", this.encoding === "utf16le" ? 2 : 1);
  }

  message(bytes: Buffer, start: number, end: number): string {
    return textOf(bytes, this.encoding, start, end - this.#delimiter.length);
  }

  last(rest: Buffer): string {
    return textOf(rest, this.encoding, 0, rest.length);
  }

  encode(line: string): Buffer {
    checkText("lines", line);
    return bytesOf(line, this.encoding, this.ending);
  }
}
