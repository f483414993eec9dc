import type { Socket } from "node:net";
import type { LegReader } from "../contract/index.ts";
import { giveLarge, takeLarge } from "./large-buffers.ts";
import { readInto, readsInto, type ChangingOnRead, type OnRead } from "./late-onread.ts";

/** Reads land here first. One for the whole process: the read and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** A read of at most this size is copied at once: the copy is cheaper than lending. */
const SMALL = 16 * 1024;
/** So many small reads in a row, and a flow no longer moves bulk. */
const CALM = 8;

/** Who takes what was read. */
export type Taker = Pick<LegReader, "data" | "done">;

/** Nobody yet: reading stops. */
export const nobody: Taker = { data: () => false, done: false };

/** Under which a socket has its buffer. */
const own = Symbol("ReadBuffer");

interface Reading extends Socket {
  [own]?: ReadBuffer;
}

/**
 * What sockets are given while none moves bulk: the same for all, so that a session has no functions of its own here, which a message would
 * have to fetch into the CPU's cache (3 to 4 % of its CPU with 1,000 connections).
 */
const quiet: OnRead = {
  buffer: shared,
  callback(this: Reading, bytes) {
    return this[own]?.received(this, bytes) === true;
  },
};

/**
 * Where one socket reads into: what Node's `onread` option takes. Idle and chatty sockets own no memory; a flow that fills the shared buffer gets
 * a large one and lends it out, chunk by chunk, when its reader allows it (ADR 0006). A lent buffer is never swapped for another:
 * the handle goes on reading into it only after the reader has said that it may.
 */
export class ReadBuffer {
  /** Whether chunks may live in the reused buffer. */
  lend = false;
  /** Takes the chunks; false stops reading. Set before reading starts. */
  reader: Taker = nobody;
  #large: Buffer | undefined;
  #fresh: Buffer | undefined;
  #bulk = false;
  #calm = 0;
  /** The socket can be given other buffers. */
  #isChanging = false;

  /** What the constructor of the socket is given. */
  onread(): OnRead {
    return readsInto() ? quiet : this.#changing();
  }

  /** @param socket that was given it, and has read nothing yet */
  serve(socket: Socket): void {
    if (!this.#isChanging) (socket as Reading)[own] = this;
  }

  /** The socket has read into the shared buffer. */
  received(socket: Socket, bytes: number): boolean {
    // Not within the read: the handle is told of its next buffer when that returns.
    if (bytes === shared.length && !this.#isChanging) setImmediate(readInto, socket, this.#changing());
    return this.#take(bytes, shared);
  }

  #changing(): ChangingOnRead {
    this.#isChanging = true;
    return { buffer: () => this.#current(), callback: (bytes, into) => this.#take(bytes, into as Buffer) };
  }

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
      return this.reader.data(copyOf(into, bytes));
    }
    this.#calm = 0;
    if (into === shared) {
      if (filled) this.#goBulk();
      return this.reader.data(copyOf(into, bytes));
    }
    if (into === this.#fresh) this.#fresh = undefined;
    else if (!this.lend) return this.reader.data(copyOf(into, bytes));
    return this.reader.data(into.subarray(0, bytes));
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
