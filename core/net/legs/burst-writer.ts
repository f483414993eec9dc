import type { Socket } from "node:net";

/** A chunk of at least this size may belong to a burst of records. Gathering smaller ones would only delay them. */
const LARGE = 8 * 1024;
/** Bytes gathered at most: fewer than the number at which a flow stops its source (PENDING_RECORDS). */
const MOST = 112 * 1024;

/**
 * Gathers a burst of large chunks into one write, which is made at the latest at the end of the event loop's turn. Records come one by one, several
 * in a turn, and each would cost a system call of its own.
 */
export class BurstWriter {
  #corked = false;
  #turning = false;

  constructor(private readonly socket: Socket) {}

  write(chunk: Buffer): void {
    if (chunk.length >= LARGE) this.#cork();
    this.socket.write(chunk);
    if (this.socket.writableLength >= MOST) this.#uncork();
  }

  #cork(): void {
    if (!this.#corked) {
      this.#corked = true;
      this.socket.cork();
    }
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#uncork();
    });
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.socket.uncork();
  }
}
