import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import { checkText } from "../framing/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { DelimiterScanner } from "./delimiter-scanner.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import type { FrameScanner, Framing } from "../framing/framing.ts";
import { bytesOf, textOf } from "./text.ts";

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
  readonly encoding?: BufferEncoding;
}

/**
 * Messages are lines of text, without their delimiter; a `\r` in front of `\n` stays.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid option
 * @example data.pipe(messages(lines(), each((line) => line.toUpperCase())))
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  checkOptions("lines", options, ["delimiter", "max", "encoding"]);
  const { delimiter = "\n", max, encoding = "utf8" } = options;
  if (!Buffer.isEncoding(encoding)) throw wrongArgument("lines", `encoding must be one that Buffer knows, got ${JSON.stringify(encoding)}`);
  if (typeof delimiter !== "string" || delimiter === "") throw wrongArgument("lines", "delimiter must be a text, and not an empty one");
  return new FrameCodec(new LineFraming(delimiter, checkMax("lines", max), encoding));
}

/** Lines of text, also for codecs that are built on lines. */
export class LineFraming implements Framing<string> {
  readonly isView = true;
  readonly #delimiter: Buffer;

  constructor(
    private readonly ending: string,
    private readonly max: number,
    private readonly encoding: BufferEncoding,
  ) {
    this.#delimiter = Buffer.from(ending, encoding);
  }

  scanner(): FrameScanner {
    return new DelimiterScanner(this.#delimiter, this.max, "a line");
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
