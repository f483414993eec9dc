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
  #failure: Error | undefined;

  constructor(private readonly origin: BodyOrigin) {
    super({ highWaterMark: HIGH_WATER });
    // An error before anybody reads must not be uncaught.
    this.on("error", () => undefined);
  }

  /** Breaks off, once everything that came before was read. */
  breakOff(error: Error): void {
    this.#failure = error;
    this.#failWhenRead();
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#failWhenRead();
    return chunk;
  }

  #failWhenRead(): void {
    if (this.#failure !== undefined && this.readableLength === 0) this.destroy(this.#failure);
  }

  override _read(): void {
    this.origin.wanted(this);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.origin.left(this);
    done(error);
  }
}
