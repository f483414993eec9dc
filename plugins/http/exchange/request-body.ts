import { Readable } from "node:stream";
import type { BodySource } from "./replay-body.ts";

/** Bytes of a body that wait for whoever reads it before the client is stopped. */
const HIGH_WATER = 64 * 1024;

/** The body of a request as it comes. */
export class RequestBody extends Readable implements BodySource {
  rawTrailers: readonly string[] = [];
  taken = 0;
  onRead: (() => void) | undefined = undefined;

  /** @param wanted called when more of it may come */
  constructor(private readonly wanted: () => void) {
    super({ highWaterMark: HIGH_WATER });
    // Who reads it listens for errors; one that comes before must not be uncaught.
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

  /** Nobody reads it any more: what still comes is dropped. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.wanted();
    done(error);
  }
}
