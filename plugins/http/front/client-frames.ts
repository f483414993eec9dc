import { CONTINUATION, END_HEADERS, HEADERS, Http2Frames, PUSH_PROMISE, RST_STREAM, type FrameFollower } from "../message/http2-frames.ts";

/** The client's preface (RFC 9113 section 3.4), which counts as a block: it has to end, too. */
const PREFACE = 24;
/** Streams whose end is remembered: so many at once come only from who has most of them refused. */
const REMEMBERED = 4096;

/**
 * How a client's side of a stream ended. `perhaps` is an empty frame: many clients end like that what they send piece by piece, but Node's own, when a
 * request is cancelled, sends one before its reset, too.
 */
export type StreamEnding = "ended" | "perhaps" | "reset";

/**
 * Follows what a client of HTTP/2 sends, to know what Node does not tell. It tells of a header block only when it has ended, and one that never does (frames of
 * CONTINUATION, or a few octets now and then) keeps its connection busy. And it ends what it reads of a stream also where the client broke it off.
 */
export class ClientFrames implements FrameFollower {
  readonly #frames = new Http2Frames(this);
  readonly #endings = new Map<number, StreamEnding>();
  /** Octets of the preface that are still to come. */
  #prefaceLeft = PREFACE;
  #isOpen = true;

  /** A block, or the preface, has begun and not ended. */
  get inHeaderBlock(): boolean {
    return this.#isOpen || this.#frames.isCut;
  }

  received(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    if (skipped > 0 && this.#prefaceLeft === 0) this.#isOpen = false;
    this.#frames.passed(chunk, skipped);
  }

  /** @returns undefined: the client goes on */
  endingOf(stream: number): StreamEnding | undefined {
    return this.#endings.get(stream);
  }

  /** The stream is no more. */
  forget(stream: number): void {
    this.#endings.delete(stream);
  }

  begun({ type, stream, endsStream, isBareEnd }: Http2Frames): void {
    if (isOfBlock(type)) this.#isOpen = true;
    if (endsStream) this.#note(stream, isBareEnd ? "perhaps" : "ended");
    else if (type === RST_STREAM) this.#note(stream, "reset");
  }

  ended({ type, flags }: Http2Frames): void {
    if (isOfBlock(type) && (flags & END_HEADERS) !== 0) this.#isOpen = false;
  }

  #note(stream: number, ending: StreamEnding): void {
    this.#endings.set(stream, ending);
    const [oldest] = this.#endings.size > REMEMBERED ? this.#endings.keys() : [];
    if (oldest !== undefined) this.#endings.delete(oldest);
  }
}

function isOfBlock(type: number): boolean {
  return type === HEADERS || type === PUSH_PROMISE || type === CONTINUATION;
}
