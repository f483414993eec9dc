import {
  CONTINUATION,
  END_HEADERS,
  HEADERS,
  Http2Frames,
  PREFACE,
  PUSH_PROMISE,
  RST_STREAM,
  type FrameFollower,
} from "../message/http2-frames.ts";

/** The most streams whose ends are remembered. Only a client most of whose streams are refused has more at once. */
const REMEMBERED = 4096;

/**
 * How a client's side of a stream ended. `perhaps` is an empty frame: many clients end streamed bodies with one, but Node's client also sends one
 * before the reset of a cancelled request.
 */
export type StreamEnding = "ended" | "perhaps" | "reset";

/**
 * Follows the frames of an HTTP/2 client, for facts that Node does not tell. Node reports a header block only when it is complete, but a block that
 * never ends (CONTINUATION frames, or a few octets now and then) keeps its connection busy. And Node emits "end" also for a stream that the client
 * broke off.
 */
export class ClientFrames implements FrameFollower {
  /** The number of frames that have begun. */
  count = 0;
  readonly #frames = new Http2Frames(this);
  readonly #endings = new Map<number, StreamEnding>();
  /** Octets of the preface that are still to come. It has the same time limit as a header block. */
  #prefaceLeft = PREFACE;
  #isOpen = true;

  /** Whether a header block or the preface has begun and not ended. */
  get inHeaderBlock(): boolean {
    return this.#isOpen || this.#frames.isCut;
  }

  received(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    if (skipped > 0 && this.#prefaceLeft === 0) this.#isOpen = false;
    this.#frames.passed(chunk, skipped);
  }

  /** @returns undefined while the stream is open */
  endingOf(stream: number): StreamEnding | undefined {
    return this.#endings.get(stream);
  }

  /** Forgets a closed stream. */
  forget(stream: number): void {
    this.#endings.delete(stream);
  }

  begun({ type, stream, endsStream, isBareEnd }: Http2Frames): void {
    this.count += 1;
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
