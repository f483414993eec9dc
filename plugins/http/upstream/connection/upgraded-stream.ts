import type { Leg } from "sluice";
import { Duplex } from "node:stream";

/** Bytes that are read in advance, and bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** A connection to an upstream that has changed from HTTP to another protocol, as a stream. Each side ends on its own. */
export class UpgradedStream extends Duplex {
  #isStopped = false;
  /** The callback of a write after which the leg had no room. */
  #written: (() => void) | undefined;

  /** @param sent called with bytes before they are sent */
  constructor(
    private readonly leg: Leg,
    private readonly sent?: (chunk: Buffer) => void,
  ) {
    super({ highWaterMark: HIGH_WATER, allowHalfOpen: true });
    // An error before anybody reads must not be uncaught.
    this.on("error", () => undefined);
    const drained = (): void => {
      const written = this.#written;
      this.#written = undefined;
      written?.();
    };
    const closed = (): void => {
      this.destroy();
    };
    leg.onDrain = drained;
    leg.onClosed = closed;
  }

  /** Receives bytes of the upstream. @returns false when enough bytes wait */
  received(chunk: Buffer): boolean {
    this.#isStopped = !this.push(chunk);
    return !this.#isStopped;
  }

  override _read(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.leg.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(chunk, done);
  }

  /** What waits is written together: Node's client of HTTP/2 writes the frames of a turn one by one, and each would be a system call. */
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #send(chunk: Buffer, done: () => void): void {
    this.sent?.(chunk);
    if (this.leg.write(chunk)) done();
    else this.#written = done;
  }

  override _final(done: () => void): void {
    this.leg.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#written = undefined;
    // A leg that has ended in both directions closes itself, after its last byte.
    if (error !== null) this.leg.reset();
    else if (!this.readableEnded || !this.writableFinished) this.leg.destroy();
    done(error);
  }
}
