/** The client's preface (RFC 9113 section 3.4), which counts as a block: it has to end, too. */
const PREFACE = 24;
const FRAME_HEADER = 9;
const HEADERS = 1;
const PUSH_PROMISE = 5;
const CONTINUATION = 9;
const END_HEADERS = 4;

/**
 * Follows the frames of a client of HTTP/2 as they come, to know whether it is in the middle of a header block. Node tells of a block
 * only when it has ended, and one that never does (frames of CONTINUATION, or a few octets now and then) keeps its connection busy.
 */
export class HeaderBlocks {
  /** Octets of the frame, or of the preface, that are still to come. */
  #left = PREFACE;
  /** What has come of a frame's header. */
  readonly #header = Buffer.alloc(FRAME_HEADER);
  #headerLength = 0;
  #isOpen = true;

  /** A block, or the preface, has begun and not ended. */
  get isOpen(): boolean {
    return this.#isOpen || (this.#headerLength > 0 && this.#headerLength < FRAME_HEADER);
  }

  received(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#frameEnded();
      } else {
        this.#header[this.#headerLength] = chunk[at] ?? 0;
        this.#headerLength += 1;
        at += 1;
        if (this.#headerLength === FRAME_HEADER) this.#frameBegun();
      }
    }
  }

  #frameBegun(): void {
    const header = this.#header;
    this.#left = header.readUIntBE(0, 3);
    if (isOfBlock(header[3])) this.#isOpen = true;
    if (this.#left === 0) this.#frameEnded();
  }

  #frameEnded(): void {
    const [, , , type, flags = 0] = this.#header;
    // The preface has no header of its own, and is followed by SETTINGS.
    if (this.#headerLength === 0) this.#isOpen = false;
    else if (isOfBlock(type) && (flags & END_HEADERS) !== 0) this.#isOpen = false;
    this.#headerLength = 0;
  }
}

function isOfBlock(type: number | undefined): boolean {
  return type === HEADERS || type === PUSH_PROMISE || type === CONTINUATION;
}
