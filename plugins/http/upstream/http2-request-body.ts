import type { ClientHttp2Stream } from "node:http2";
import { Writable } from "node:stream";
import { http2Fields } from "../message/http2-fields.ts";

/** Bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** What is told of a body on its way. */
export interface BodyProgress {
  /** A part waits to be taken, or none does any more. */
  waits(isWaiting: boolean): void;
  /** All of it was given. */
  sent(): void;
  brokeOff(): void;
}

/** The body of a request as it goes into a stream of HTTP/2, as fast as the upstream takes it, and the trailers behind it. */
export class Http2RequestBody extends Writable {
  #trailers: string[] = [];

  constructor(
    private readonly stream: ClientHttp2Stream,
    private readonly progress: BodyProgress,
  ) {
    super({ highWaterMark: HIGH_WATER });
    // Of no use to anyone: what happens is told by the stream.
    this.on("error", () => undefined);
    stream.once("wantTrailers", () => {
      // A reset ends what is written, too; then it is no end.
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

  override _destroy(_error: Error | null, done: () => void): void {
    if (!this.writableFinished) this.progress.brokeOff();
    done();
  }
}
