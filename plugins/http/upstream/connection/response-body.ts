import { Readable } from "node:stream";

/** Bytes of a body that may wait for the client before the upstream is paused. */
const HIGH_WATER = 64 * 1024;

/** The connection or stream from which a body comes. */
export interface BodyOrigin {
  /** Called when more of the body may come. */
  wanted(body: ResponseBody): void;
  /** Called when the rest of the body is not wanted. */
  left(body: ResponseBody): void;
}

/** The streamed body of a response. */
export class ResponseBody extends Readable {
  constructor(private readonly origin: BodyOrigin) {
    super({ highWaterMark: HIGH_WATER });
    // An error before anybody reads must not be uncaught.
    this.on("error", () => undefined);
  }

  override _read(): void {
    this.origin.wanted(this);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.origin.left(this);
    done(error);
  }
}
