import type { Socket } from "node:net";
import type { LegReader } from "../../contract/index.ts";
import { giveLarge, takeLarge } from "./large-buffers.ts";
import { readInto, readsInto, type ChangingOnRead, type OnRead } from "./late-onread.ts";

/** Reads land here first. One for the whole process: the read and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** A read of at most this size is copied at once: the copy is cheaper than lending. */
const SMALL = 16 * 1024;
/** After so many small reads in a row a flow no longer moves bulk. */
const CALM = 8;

/** The part of a reader that takes what was read. */
export type DataReader = Pick<LegReader, "data" | "done">;

/** Stands for a reader that has not come yet: reading stops. */
export const nobody: DataReader = { data: () => false, done: false };

/** The key under which a socket has its ReadBuffer. */
const own = Symbol("ReadBuffer");

interface Reading extends Socket {
  [own]?: ReadBuffer;
}

/**
 * The `onread` option of all sockets that do not move bulk. One object for all: functions for each session would have to be loaded into the CPU's
 * cache for each message (3 to 4 % of its CPU with 1,000 connections).
 */
const quiet: OnRead = {
  buffer: shared,
  callback(this: Reading, bytes) {
    return this[own]?.received(this, bytes) === true;
  },
};

/**
 * The memory that one socket reads into, for Node's `onread` option. Sockets that are idle or move small messages own no memory. A flow that fills
 * the shared buffer gets a large one and lends it out chunk by chunk, if its reader allows that (ADR 0006). The handle reads into the large buffer
 * again only when the reader is `done` with all that was lent; until then reading is stopped, or goes into other memory (ADR 0010).
 */
export class ReadBuffer {
  /** Takes the chunks; false stops reading. Set before reading starts. */
  reader: DataReader = nobody;
  #lend = false;
  #large: Buffer | undefined;
  #fresh: Buffer | undefined;
  #bulk = false;
  #calm = 0;
  /** The socket has the form of `onread` whose buffer can change. */
  #isChanging = false;
  /** The reader asked to stop: nothing is read before {@link ReadBuffer.goOn}. */
  #stopped = false;
  /** The handle's next read goes into the large buffer. */
  #intoLarge = false;
  /** Reading once went on while lent memory was still in use: with these operators, going on does not mean that the memory is free. */
  #isKept = false;

  /** Whether chunks may be lent in the reused buffer. Set again for each set of operators. */
  get lend(): boolean {
    return this.#lend;
  }

  set lend(lend: boolean) {
    this.#lend = lend;
    this.#isKept = false;
  }

  /** The option for the constructor of the socket. */
  onread(): OnRead {
    return readsInto() ? quiet : this.#changing();
  }

  /** @param socket that was made with this option, and has read nothing yet */
  serve(socket: Socket): void {
    if (!this.#isChanging) (socket as Reading)[own] = this;
  }

  /** The socket has read into the shared buffer. */
  received(socket: Socket, bytes: number): boolean {
    // Not within the read: when it returns, Node gives the handle its next buffer.
    if (bytes === shared.length && !this.#isChanging) setImmediate(readInto, socket, this.#changing());
    return this.#take(bytes, shared);
  }

  #changing(): ChangingOnRead {
    this.#isChanging = true;
    return { buffer: () => this.#current(), callback: (bytes, into) => this.#take(bytes, into as Buffer) };
  }

  /** Reading goes on. Lent memory may still be in use, by operators that keep it or that completed early. */
  goOn(socket: Socket): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (!this.#intoLarge || this.reader.done) return;
    this.#isKept = true;
    // At most once for each set of operators: Node keeps the buffers of earlier calls in a chain that lives as long as the handle.
    readInto(socket, this.#changing());
  }

  /** Gives the large buffer back. Call it only when nothing is read into it any more. */
  release(): void {
    if (this.#large === undefined) return;
    giveLarge(this.#large, this.reader);
    this.#large = undefined;
  }

  /**
   * The buffer for the next read. Node asks for it at the end of each read, also when reading stops there. Most readers go on when what they were
   * lent has been written; by then the large buffer is free, which {@link ReadBuffer.goOn} checks.
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
    // Only where the handle can get other memory while reading is stopped.
    if (this.#lend && readsInto()) this.#large ??= takeLarge();
  }

  /** Gives the large buffer back. Node asks for the next buffer after the callback, so a calm socket then reads into the shared one. */
  #rest(): void {
    this.#bulk = false;
    this.#fresh = undefined;
    this.release();
  }
}

/** A copy of the first `bytes` of a buffer that will be used again. */
export function copyOf(from: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafe(bytes);
  from.copy(copy, 0, 0, bytes);
  return copy;
}
