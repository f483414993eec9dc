import { Readable } from "node:stream";

/** Bytes of a body that wait for the client before the upstream is stopped. */
const HIGH_WATER = 64 * 1024;

/** Where a body comes from. */
export interface BodyOrigin {
  /** More of it may come. */
  wanted(body: ResponseBody): void;
  /** Nothing more of it is wanted. */
  left(body: ResponseBody): void;
}

/** The body of a response that is streamed. */
export class ResponseBody extends Readable {
  constructor(private readonly origin: BodyOrigin) {
    super({ highWaterMark: HIGH_WATER });
    // Who reads it listens for errors; one that comes before must not be uncaught.
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
