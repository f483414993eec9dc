/** Bytes of the client's preface (RFC 9113 section 3.4). */
export const PREFACE = 24;
/** Bytes of a frame's header (RFC 9113 section 4.1). */
const HEADER = 9;

/** Types of frames (RFC 9113 section 6). */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const PUSH_PROMISE = 5;
const GOAWAY = 7;
export const CONTINUATION = 9;

/** Where the code of a GOAWAY frame begins and ends in its payload. */
const CODE = 4;
const CODE_END = 8;

/** Flags of frames. */
const END_STREAM = 1;
export const END_HEADERS = 4;

/** Milliseconds in which a reset follows an empty end frame of a cancelled stream: Node sends the two in separate segments. */
export const RESET_FOLLOWS_MS = 5;

/** Is notified of the frames. */
export interface FrameFollower {
  /** Called when a frame's header has come. */
  begun?(frame: Http2Frames): void;
  /** Called for each part of the payload; also once for an empty payload. */
  payload?(frame: Http2Frames, bytes: number): void;
  /** Called when the whole frame has come. */
  ended?(frame: Http2Frames): void;
}

/**
 * Follows the HTTP/2 frames that one side sends, in chunks of any size. Node reads them too, but does not tell how a stream ended, how much of a
 * response was sent, and that a header block has begun.
 */
export class Http2Frames {
  type = 0;
  flags = 0;
  stream = 0;
  /** Bytes of the payload. */
  length = 0;
  /**
   * The code of an error for which its sender gives the connection up (GOAWAY); 0: it does not. Node's sessions send this and do nothing more: they
   * neither read nor write, and do not close the connection, as RFC 9113 section 5.4.1 requires.
   */
  fatal = 0;
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have come. */
  #headed = 0;
  /** Bytes of the payload that are still to come. */
  #left = 0;

  /** @param before bytes in front of the first frame: the preface of a client */
  constructor(
    private readonly follower: FrameFollower,
    before = 0,
  ) {
    this.#left = before;
  }

  /** Whether the bytes so far end in the middle of a frame's header. */
  get isCut(): boolean {
    return this.#headed > 0;
  }

  /** Whether it is the last frame of its stream in this direction. */
  get endsStream(): boolean {
    return (this.type === DATA || this.type === HEADERS) && (this.flags & END_STREAM) !== 0;
  }

  /** Whether it is an empty frame that ends its stream. Node also sends one before the reset of a cancelled stream. */
  get isBareEnd(): boolean {
    return this.type === DATA && this.length === 0 && this.endsStream;
  }

  passed(chunk: Buffer, from = 0): void {
    let at = from;
    while (at < chunk.length) at += this.#left > 0 ? this.#payload(chunk, at) : this.#head(chunk, at);
  }

  #head(chunk: Buffer, at: number): number {
    // Most frame headers come in one piece.
    if (this.#headed === 0 && chunk.length - at >= HEADER) {
      this.#begin(chunk, at);
      return HEADER;
    }
    const taken = chunk.copy(this.#header, this.#headed, at, at + HEADER - this.#headed);
    this.#headed += taken;
    if (this.#headed === HEADER) {
      this.#headed = 0;
      this.#begin(this.#header, 0);
    }
    return taken;
  }

  #begin(header: Buffer, at: number): void {
    const byte = (index: number): number => header[at + index] as number;
    this.length = this.#left = (byte(0) << 16) | (byte(1) << 8) | byte(2);
    this.type = byte(3);
    this.flags = byte(4);
    this.stream = ((byte(5) & 0x7f) << 24) | (byte(6) << 16) | (byte(7) << 8) | byte(8);
    this.follower.begun?.(this);
    if (this.#left === 0) this.#tell(0);
  }

  #payload(chunk: Buffer, at: number): number {
    const bytes = Math.min(this.#left, chunk.length - at);
    if (this.type === GOAWAY) this.#readCode(chunk, at - (this.length - this.#left));
    this.#left -= bytes;
    this.#tell(bytes);
    return bytes;
  }

  /** @param start where the payload begins; before the chunk if a part of it has come */
  #readCode(chunk: Buffer, start: number): void {
    const end = Math.min(start + CODE_END, chunk.length);
    for (let at = Math.max(0, start + CODE); at < end; at += 1) this.fatal = ((this.fatal << 8) | (chunk[at] ?? 0)) >>> 0;
  }

  #tell(bytes: number): void {
    this.follower.payload?.(this, bytes);
    if (this.#left === 0) this.follower.ended?.(this);
  }
}
