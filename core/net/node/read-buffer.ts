import type { Socket } from "node:net";
import type { LegReader } from "../../contract/index.ts";
import { BulkMemory } from "./large-buffers.ts";
import { readInto, readsInto, type ChangingOnRead, type OnRead } from "./late-onread.ts";

/** Reads land here first. One for the whole process: the read and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** A read of at most this size is copied at once: the copy is cheaper than lending. */
const SMALL = 16 * 1024;

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
  /** The reader asked to stop: nothing is read before {@link ReadBuffer.goOn}. */
  #stopped = false;
  /** Undefined before the first read that filled the shared buffer. */
  #bulk: BulkMemory | undefined;

  /** Whether chunks may be lent in the reused buffer. Set again for each set of operators. */
  get lend(): boolean {
    return this.#lend;
  }

  set lend(lend: boolean) {
    this.#lend = lend;
    if (this.#bulk !== undefined) this.#bulk.isKept = false;
  }

  /** The option for the constructor of the socket. */
  onread(): OnRead {
    return readsInto() ? quiet : this.#changing();
  }

  /** @param socket that was made with this option, and has read nothing yet */
  serve(socket: Socket): void {
    (socket as Reading)[own] = this;
  }

  /** The socket has read into the shared buffer. */
  received(socket: Socket, bytes: number): boolean {
    // Once, and not within the read: when it returns, Node gives the handle its next buffer.
    if (bytes === shared.length && this.#bulk === undefined) setImmediate(readInto, socket, this.#changing());
    return this.#take(bytes, shared);
  }

  /** The form of `onread` whose buffer can change. */
  #changing(): ChangingOnRead {
    return { buffer: () => this.#current(), callback: (bytes, into) => this.#take(bytes, into as Buffer) };
  }

  /** Reading goes on. Lent memory may still be in use, by operators that keep it or that completed early. */
  goOn(socket: Socket): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (this.#bulk?.isNextLarge !== true || this.reader.done) return;
    this.#bulk.isKept = true;
    // At most once for each set of operators: Node keeps the buffers of earlier calls in a chain that lives as long as the handle.
    readInto(socket, this.#changing());
  }

  /** Gives the large buffer back. Call it only when nothing is read into it any more. */
  release(): void {
    this.#bulk?.release(this.reader);
  }

  /**
   * The buffer for the next read. Node asks for it at the end of each read, also when reading stops there. Most readers go on when what they were
   * lent has been written; by then the large buffer is free, which {@link ReadBuffer.goOn} checks.
   */
  #current(): Uint8Array {
    const bulk = this.#bulk;
    if (bulk?.isMoving !== true) return shared;
    return bulk.next(shared.length, this.#lend && ((this.#stopped && !bulk.isKept) || this.reader.done));
  }

  #take(bytes: number, into: Buffer): boolean {
    const goesOn = this.#deliver(bytes, into);
    this.#stopped = !goesOn;
    return goesOn;
  }

  #deliver(bytes: number, into: Buffer): boolean {
    if (bytes <= SMALL) {
      this.#bulk?.small(this.reader);
      return this.reader.data(copyOf(into, bytes));
    }
    this.#bulk?.large();
    if (into === shared) {
      if (bytes === shared.length) this.#goBulk();
      return this.reader.data(copyOf(into, bytes));
    }
    if (this.#bulk?.gives(into) !== true && !this.#lend) return this.reader.data(copyOf(into, bytes));
    return this.reader.data(into.subarray(0, bytes));
  }

  #goBulk(): void {
    this.#bulk ??= new BulkMemory();
    // Lent only where the handle can get other memory while reading is stopped.
    this.#bulk.begin(this.#lend && readsInto());
  }
}

/** A copy of the first `bytes` of a buffer that will be used again. */
export function copyOf(from: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafe(bytes);
  from.copy(copy, 0, 0, bytes);
  return copy;
}
