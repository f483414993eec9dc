/** RFC 9113 section 4.1. */
const HEADER = 9;

/** Types of frames (RFC 9113 section 6). */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const PUSH_PROMISE = 5;
export const CONTINUATION = 9;

/** Flags of them. */
const END_STREAM = 1;
export const END_HEADERS = 4;

/** Milliseconds in which a reset follows an end that was none: Node sends them in segments of their own. */
export const RESET_FOLLOWS_MS = 5;

/** Who is told what passes. */
export interface FrameFollower {
  /** A frame's header has come. */
  begun?(frame: Http2Frames): void;
  /** A part of its payload; also of one that has none. */
  payload?(frame: Http2Frames, bytes: number): void;
  /** All of it has come. */
  ended?(frame: Http2Frames): void;
}

/**
 * Follows the frames of HTTP/2 in what one side sends, however it is cut. Node reads them too, but tells neither which stream has ended and how, nor what
 * of a response was sent, nor of a header block before it is complete.
 */
export class Http2Frames {
  type = 0;
  flags = 0;
  stream = 0;
  /** Bytes of the payload. */
  length = 0;
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have come. */
  #headed = 0;
  /** Bytes of the payload that are still to come. */
  #left = 0;

  constructor(private readonly follower: FrameFollower) {}

  /** What has come ends in the middle of a frame's header. */
  get isCut(): boolean {
    return this.#headed > 0;
  }

  /** It is the last frame of its stream in this direction. */
  get endsStream(): boolean {
    return (this.type === DATA || this.type === HEADERS) && (this.flags & END_STREAM) !== 0;
  }

  /** It ends its stream and brings nothing: so does Node where it breaks a stream off, before the reset. */
  get isBareEnd(): boolean {
    return this.type === DATA && this.length === 0 && this.endsStream;
  }

  passed(chunk: Buffer, from = 0): void {
    let at = from;
    while (at < chunk.length) at += this.#left > 0 ? this.#payload(chunk.length - at) : this.#head(chunk, at);
  }

  #head(chunk: Buffer, at: number): number {
    // Most headers come in one piece.
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

  #payload(available: number): number {
    const bytes = Math.min(this.#left, available);
    this.#left -= bytes;
    this.#tell(bytes);
    return bytes;
  }

  #tell(bytes: number): void {
    this.follower.payload?.(this, bytes);
    if (this.#left === 0) this.follower.ended?.(this);
  }
}
