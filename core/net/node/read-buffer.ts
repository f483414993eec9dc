import type { Socket } from "node:net";
import type { LegReader } from "../../contract/index.ts";
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
 * a large one and lends it out, chunk by chunk, when its reader allows it (ADR 0006). The handle reads into it again only when its reader is
 * `done` with what it was lent; until then reading is stopped, or goes into other memory (ADR 0010).
 */
export class ReadBuffer {
  /** Takes the chunks; false stops reading. Set before reading starts. */
  reader: Taker = nobody;
  #lend = false;
  #large: Buffer | undefined;
  #fresh: Buffer | undefined;
  #bulk = false;
  #calm = 0;
  /** The socket can be given other buffers. */
  #isChanging = false;
  /** The reader said stop: nothing is read before {@link ReadBuffer.goOn}. */
  #stopped = false;
  /** The handle's next read goes into the large buffer. */
  #intoLarge = false;
  /** Reading went on once while something that was lent was still in use: with these operators a stop says nothing. */
  #isKept = false;

  /** Whether chunks may live in the reused buffer. Set again for each set of operators. */
  get lend(): boolean {
    return this.#lend;
  }

  set lend(lend: boolean) {
    this.#lend = lend;
    this.#isKept = false;
  }

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

  /** Reading goes on, though something that was lent may be still in use: operators that hold it, or that completed early. */
  goOn(socket: Socket): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (!this.#intoLarge || this.reader.done) return;
    this.#isKept = true;
    // Node leaves the buffers of earlier calls in a chain that lives as long as the handle: once for each set of operators at most.
    readInto(socket, this.#changing());
  }

  /** Gives the large buffer back. Only when nothing is read into it any more. */
  release(): void {
    if (this.#large === undefined) return;
    giveLarge(this.#large, this.reader);
    this.#large = undefined;
  }

  /**
   * Node asks at the end of each read, also when reading stops there. Most readers go on when what they were lent has been written; the
   * large buffer is free by then, and is seen to be in {@link ReadBuffer.goOn}.
   */
  #current(): Uint8Array {
    this.#intoLarge = this.#bulk && this.#lend && this.#large !== undefined && ((this.#stopped && !this.#isKept) || this.reader.done);
    if (this.#intoLarge) return this.#large ?? shared;
    return this.#bulk ? (this.#fresh ??= Buffer.allocUnsafeSlow(shared.length)) : shared;
  }

  #take(bytes: number, into: Buffer): boolean {
    const goesOn = this.#deliver(bytes, into);
    this.#stopped = !goesOn;
    return goesOn;
  }

  #deliver(bytes: number, into: Buffer): boolean {
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
    else if (!this.#lend) return this.reader.data(copyOf(into, bytes));
    return this.reader.data(into.subarray(0, bytes));
  }

  #goBulk(): void {
    this.#bulk = true;
    // Only where the handle can be given other memory while reading is stopped.
    if (this.#lend && readsInto()) this.#large ??= takeLarge();
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
