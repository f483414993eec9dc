import { giveLarge, takeLarge } from "./large-buffers.ts";

/** Reads land here first. One for the whole process: the read and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** A read of at most this size is copied at once: the copy is cheaper than lending. */
const SMALL = 16 * 1024;
/** So many small reads in a row, and a flow no longer moves bulk. */
const CALM = 8;

/**
 * Where one socket reads into: what Node's `onread` option takes. Idle and chatty sockets own no memory; a flow that fills the shared buffer gets
 * a large one and lends it out, chunk by chunk, when its reader allows it (ADR 0006). A lent buffer is never swapped for another:
 * the handle goes on reading into it only after the reader has said that it may.
 */
export class ReadBuffer {
  /** Whether chunks may live in the reused buffer. */
  lend = false;
  /** Takes a chunk; false stops reading. Set before reading starts. */
  receive: (chunk: Buffer) => boolean = () => false;
  /** Node asks for the next buffer. */
  readonly buffer = (): Uint8Array => this.#current();
  /** Node has read. */
  readonly callback = (bytes: number, into: Uint8Array): boolean => this.#take(bytes, into as Buffer);
  #large: Buffer | undefined;
  #fresh: Buffer | undefined;
  #bulk = false;
  #calm = 0;

  /** Gives the large buffer back. Only when the socket is closed. */
  release(): void {
    if (this.#large === undefined) return;
    giveLarge(this.#large, true);
    this.#large = undefined;
  }

  #current(): Uint8Array {
    if (!this.#bulk) return shared;
    if (this.#large !== undefined) return this.#large;
    return (this.#fresh ??= Buffer.allocUnsafeSlow(shared.length));
  }

  #take(bytes: number, into: Buffer): boolean {
    const filled = into.length === bytes;
    if (bytes <= SMALL) {
      this.#calm += 1;
      if (this.#bulk && this.#calm >= CALM) this.#rest();
      return this.receive(copyOf(into, bytes));
    }
    this.#calm = 0;
    if (into === shared) {
      if (filled) this.#goBulk();
      return this.receive(copyOf(into, bytes));
    }
    if (into === this.#fresh) this.#fresh = undefined;
    else if (!this.lend) return this.receive(copyOf(into, bytes));
    return this.receive(into.subarray(0, bytes));
  }

  #goBulk(): void {
    this.#bulk = true;
    if (this.lend) this.#large ??= takeLarge();
  }

  /** After the callback Node asks for the next buffer, so a calm socket is back on the shared one and the large one is free. */
  #rest(): void {
    this.#bulk = false;
    this.#fresh = undefined;
    this.release();
  }
}

/** The first `bytes` of a buffer that will be used again. */
export function copyOf(from: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafe(bytes);
  from.copy(copy, 0, 0, bytes);
  return copy;
}
