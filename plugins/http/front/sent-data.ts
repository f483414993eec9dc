const HEADER = 9;
/** RFC 9113 section 6.1. */
const DATA = 0;

/**
 * Follows the frames of HTTP/2 that are sent, and tells of DATA: what is accepted by Node may wait for the client's window, and what of it went to the
 * client, no event of Node's tells.
 */
export class SentData {
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have passed. */
  #headed = 0;
  /** Bytes of the frame that are still to pass. */
  #left = 0;
  #stream = 0;
  #isData = false;

  /** @param sent called for each part of a DATA frame's payload, and for each that has none */
  constructor(private readonly sent: (stream: number, bytes: number) => void) {}

  passed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) at += this.#payload(chunk.length - at);
      else at += this.#head(chunk, at);
    }
  }

  #head(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headed, at, at + HEADER - this.#headed);
    this.#headed += taken;
    if (this.#headed < HEADER) return taken;
    this.#headed = 0;
    this.#left = this.#header.readUIntBE(0, 3);
    this.#isData = this.#header[3] === DATA;
    this.#stream = this.#header.readUInt32BE(5) & 0x7f_ff_ff_ff;
    if (this.#isData && this.#left === 0) this.sent(this.#stream, 0);
    return taken;
  }

  #payload(available: number): number {
    const bytes = Math.min(this.#left, available);
    this.#left -= bytes;
    if (this.#isData) this.sent(this.#stream, bytes);
    return bytes;
  }
}
