import type { BodyFraming } from "../message/body-length.ts";

/** The most extra bytes in lines of chunks, over what small chunks need: extensions are ignored, but they must not be endless. */
const MOST_EXCESS = 16 * 1024;
/** Bytes that the line of each chunk may have, in addition to twice the chunk's size. */
const ALLOWED = 16;
const chunkSize = /^([0-9a-fA-F]{1,12})(?:[\t ]*;.*)?$/;
/** Some servers reserve the place of the size before they know the chunk, and fill the rest of it with blanks (Apache 1.3). */
const paddedChunkSize = /^([0-9a-fA-F]{1,12})[\t ]*(?:;.*)?$/;

/** Reads bodies: their bytes, and the lines before and after each chunk (RFC 9112 section 7.1). */
export class BodyReader {
  /** Bytes of the body, or of the chunk, that are still to come; Infinity: up to the end of the connection. */
  left = 0;
  /** What comes after these bytes: the end of the body, the end of a chunk, or the size of the next one. */
  #next: "end" | "chunk-end" | "chunk-size" = "end";
  /** Bytes in lines of chunks beyond what small chunks need. */
  #excess = 0;

  /** Begins a body. */
  begin(framing: BodyFraming): void {
    this.#excess = 0;
    this.#next = framing === "chunked" ? "chunk-size" : "end";
    this.left = typeof framing === "number" ? framing : framing === "until-end" ? Infinity : 0;
  }

  /** Whether everything was read; a body in chunks ends with the line of its last chunk, which has no bytes. */
  get isWhole(): boolean {
    return this.left === 0 && this.#next === "end";
  }

  /** @returns the part of the body that a chunk of the connection has from an offset on */
  take(chunk: Buffer, at: number): Buffer {
    const length = Math.min(this.left, chunk.length - at);
    this.left -= length;
    return at === 0 && length === chunk.length ? chunk : chunk.subarray(at, at + length);
  }

  /**
   * Reads a line before or after a chunk.
   * @param mayBePadded whether blanks may follow a size
   * @returns why it is refused
   */
  line(line: string, mayBePadded: boolean): string | undefined {
    if (this.#next === "chunk-end") {
      if (line !== "") return "a chunk is longer than its size says";
      this.#next = "chunk-size";
      return undefined;
    }
    const digits = (mayBePadded ? paddedChunkSize : chunkSize).exec(line)?.[1];
    if (digits === undefined) return "the size of a chunk is malformed";
    const size = Number.parseInt(digits, 16);
    this.left = size;
    this.#next = size === 0 ? "end" : "chunk-end";
    this.#excess = Math.max(0, this.#excess + line.length - ALLOWED - 2 * size);
    return this.#excess > MOST_EXCESS ? "the lines of the chunks are longer than the chunks" : undefined;
  }
}
