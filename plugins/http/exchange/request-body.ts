import { Readable } from "node:stream";
import type { BodySource } from "./replay-body.ts";

/** Bytes of a body that may wait to be read before the client is paused. */
const HIGH_WATER = 64 * 1024;

/** The streamed body of a request. */
export class RequestBody extends Readable implements BodySource {
  rawTrailers: readonly string[] = [];
  taken = 0;
  onRead: (() => void) | undefined = undefined;

  /** @param wanted called when more of the body may come */
  constructor(private readonly wanted: () => void) {
    super({ highWaterMark: HIGH_WATER });
    // An error before anybody reads must not be uncaught.
    this.on("error", () => undefined);
  }

  override push(chunk: Buffer | null): boolean {
    this.taken += chunk?.length ?? 0;
    return super.push(chunk);
  }

  override _read(): void {
    const read = this.onRead;
    this.onRead = undefined;
    read?.();
    this.wanted();
  }

  /** Asks for the rest of the body, which is dropped, since nobody reads it any more. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.wanted();
    done(error);
  }
}
