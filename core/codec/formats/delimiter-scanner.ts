import { tooLong } from "../framing/frame-error.ts";
import type { FrameScanner } from "../framing/framing.ts";

/** Finds frames that end with a delimiter. */
export class DelimiterScanner implements FrameScanner {
  /** Bytes of the frame in which no delimiter begins. */
  #searched = 0;
  /** A number is found several times as fast as a Buffer of one byte. */
  readonly #wanted: Buffer | number;

  constructor(
    private readonly delimiter: Buffer,
    private readonly max: number,
    private readonly what: string,
    /** Bytes of a code unit: a delimiter begins where a unit begins. */
    private readonly unit: 1 | 2 = 1,
  ) {
    this.#wanted = delimiter.length === 1 ? (delimiter[0] ?? 0) : delimiter;
  }

  end(bytes: Buffer, start: number): number | undefined {
    let at = bytes.indexOf(this.#wanted, start + this.#searched);
    while (at !== -1 && (at - start) % this.unit !== 0) at = bytes.indexOf(this.#wanted, at + 1);
    const length = (at === -1 ? bytes.length - this.delimiter.length + 1 : at) - start;
    if (length > this.max) throw tooLong(this.what, this.max);
    this.#searched = at === -1 ? Math.max(0, length) : 0;
    return at === -1 ? undefined : at + this.delimiter.length;
  }
}
