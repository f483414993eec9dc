const HEADER = 9;
/** RFC 9113 sections 6.1 and 6.2. */
const DATA = 0;
const HEADERS = 1;
const END_STREAM = 1;

/**
 * Follows the frames of HTTP/2 that a peer sends, and tells which streams it has ended. Node ends what it reads also where a stream was reset, and a reset
 * with NO_ERROR looks to it like an end: a part would be taken for the whole.
 */
export class StreamEnds {
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have come. */
  #headed = 0;
  /** Bytes of the frame that are still to come. */
  #left = 0;

  /** @param ended called before the frame is passed on, when its header has come */
  constructor(private readonly ended: (stream: number) => void) {}

  passed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.#left, chunk.length - at);
      this.#left -= skipped;
      at += skipped;
      if (at < chunk.length) at += this.#head(chunk, at);
    }
  }

  #head(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headed, at, at + HEADER - this.#headed);
    this.#headed += taken;
    if (this.#headed < HEADER) return taken;
    this.#headed = 0;
    this.#left = this.#header.readUIntBE(0, 3);
    const [, , , type, flags = 0] = this.#header;
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.ended(this.#header.readUInt32BE(5) & 0x7f_ff_ff_ff);
    return taken;
  }
}
