import type { ClientHttp2Stream } from "node:http2";
import { Writable } from "node:stream";
import type { ReplayBody } from "../../exchange/replay-body.ts";
import type { WholeBody } from "../../exchange/whole-body.ts";
import { http2Fields } from "../../message/http2-fields.ts";

/** Bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** Is notified of the progress of a body. */
export interface BodyProgress {
  /** Called when a part begins to wait for the upstream (true), and when no part waits any more (false). */
  waits(isWaiting: boolean): void;
  /** Called when all of it was written. */
  sent(): void;
  brokeOff(error?: unknown): void;
}

/** Sends the body of a request. @returns what it is written into; undefined when it is whole, which Node sends by itself */
export function sendBody(content: ReplayBody | WholeBody, stream: ClientHttp2Stream, progress: BodyProgress): Http2RequestBody | undefined {
  if (content.whole !== undefined) {
    stream.end(content.whole, () => progress.sent());
    return undefined;
  }
  const body = new Http2RequestBody(stream, progress);
  content.pipeTo(body);
  return body;
}

/** Writes the body of a request, and its trailers, into a stream of HTTP/2, as fast as the upstream reads. */
export class Http2RequestBody extends Writable {
  #trailers: string[] = [];

  constructor(
    private readonly stream: ClientHttp2Stream,
    private readonly progress: BodyProgress,
  ) {
    super({ highWaterMark: HIGH_WATER });
    // Ignored: the stream reports the same error.
    this.on("error", () => undefined);
    stream.once("wantTrailers", () => {
      // After a reset no trailers are sent, although the writable side has ended.
      if (this.writableEnded && !stream.closed) stream.sendTrailers(http2Fields(this.#trailers));
    });
  }

  addTrailers(trailers: readonly [string, string][]): void {
    this.#trailers = trailers.flat();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.progress.waits(true);
    this.stream.write(chunk, () => {
      this.progress.waits(false);
      done();
    });
  }

  override _final(done: () => void): void {
    this.stream.end();
    this.progress.sent();
    done();
  }

  override _destroy(error: Error | null, done: () => void): void {
    if (!this.writableFinished) this.progress.brokeOff(error);
    done();
  }
}
