const HEADER = 9;
/** RFC 9113 section 6.1. */
const DATA = 0;
/** RFC 9113 section 6.2. */
const HEADERS = 1;
const END_STREAM = 1;

/** Who is told which frames are sent. */
export interface SentFrames {
  /** A part of a DATA frame's payload; also of one that has none. */
  data(stream: number, bytes: number): void;
  /** The frame that ends the stream. */
  ended(stream: number): void;
}

/**
 * Follows the frames of HTTP/2 that are sent, and tells of DATA and of ends: what is accepted by Node may wait for the client's window, or behind what is
 * being written. What of it went to the client, no event of Node's tells.
 */
export class SentData {
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have passed. */
  #headed = 0;
  /** Bytes of the frame that are still to pass. */
  #left = 0;
  #stream = 0;
  #isData = false;
  #isLast = false;

  constructor(private readonly sent: SentFrames) {}

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
    const [, , , type, flags = 0] = this.#header;
    this.#isData = type === DATA;
    this.#isLast = (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0;
    this.#stream = this.#header.readUInt32BE(5) & 0x7f_ff_ff_ff;
    if (this.#left === 0) this.#tell(0);
    return taken;
  }

  #payload(available: number): number {
    const bytes = Math.min(this.#left, available);
    this.#left -= bytes;
    this.#tell(bytes);
    return bytes;
  }

  #tell(bytes: number): void {
    if (this.#isData) this.sent.data(this.#stream, bytes);
    if (this.#isLast && this.#left === 0) this.sent.ended(this.#stream);
  }
}
