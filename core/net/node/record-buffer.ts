import { giveLarge, takeLarge } from "./large-buffers.ts";
import { copyOf, nobody, type DataReader } from "./read-buffer.ts";

/** Bytes of plain text in a TLS record at most (RFC 8446 section 5.1). */
const RECORD = 16 * 1024;
/** Records land here first. One for the whole process: decrypting one and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(RECORD);
/** A smaller record is copied at once, and counts as a sign that the flow moves no bulk. */
const SMALL = 4 * 1024;
/** After so many large records in a row a flow moves bulk; after so many small ones it no longer does. */
const STREAK = 4;
/** Bytes of one new piece of memory, which several chunks share where chunks are not lent. */
const BLOCK = 64 * 1024;

/**
 * The memory that the records of one TLS socket are decrypted into, for Node's `onread` option. After reading is stopped, records that were already
 * read still arrive, and their sink gathers a burst into one write. So several chunks are lent at the same time: they follow one another around a
 * large buffer, and a new chunk never overwrites one that may still be in use (ADR 0006).
 */
export class RecordBuffer {
  /** Whether chunks may be lent in the reused buffer. */
  lend = false;
  /** Takes the chunks, and says whether it is done with all that was lent. `data` returning false stops reading. Set before reading starts. */
  reader: DataReader = nobody;
  /** Node asks for the next buffer. */
  readonly buffer = (): Uint8Array => this.#next();
  /** Node has decrypted a record. */
  readonly callback = (bytes: number, into: Uint8Array): boolean => this.#take(bytes, into as Buffer);
  #large: Buffer | undefined;
  /** Offsets in the large buffer: of the next record, and of the first one that may still be in use. */
  #head = 0;
  #oldest = 0;
  /** What is left of the new memory for chunks that are not lent. */
  #fresh: Buffer | undefined;
  #bulk = false;
  #streak = 0;

  /** Gives the large buffer back. */
  release(): void {
    if (this.#large === undefined) return;
    giveLarge(this.#large, this.reader);
    this.#large = undefined;
    this.#head = 0;
    this.#oldest = 0;
  }

  #next(): Uint8Array {
    if (!this.#bulk) return shared;
    const place = this.lend ? this.#place() : undefined;
    if (place !== undefined) return place;
    if (this.#fresh === undefined || this.#fresh.length < RECORD) this.#fresh = Buffer.allocUnsafeSlow(BLOCK);
    return this.#fresh.subarray(0, RECORD);
  }

  #take(bytes: number, into: Buffer): boolean {
    this.#judge(bytes);
    if (bytes < SMALL || into === shared) return this.reader.data(copyOf(into, bytes));
    if (into.buffer === this.#fresh?.buffer) this.#carved(this.#fresh, bytes);
    else if (this.lend) this.#lent(into.byteOffset, bytes);
    else return this.reader.data(copyOf(into, bytes));
    return this.reader.data(bytes === into.length ? into : into.subarray(0, bytes));
  }

  /** A place for a record in the large buffer: behind the newest one, or at the start again. */
  #place(): Buffer | undefined {
    const large = (this.#large ??= takeLarge());
    if (large === undefined) return undefined;
    const wrapped = this.#head < this.#oldest;
    if (this.#head + RECORD < (wrapped ? this.#oldest : large.length)) return large.subarray(this.#head, this.#head + RECORD);
    return !wrapped && RECORD < this.#oldest ? large.subarray(0, RECORD) : undefined;
  }

  /** A record went into new memory. For the next record the large buffer may be free again. */
  #carved(fresh: Buffer, bytes: number): void {
    this.#fresh = fresh.subarray(bytes);
    if (!this.reader.done) return;
    this.#head = 0;
    this.#oldest = 0;
  }

  /** A record was lent. The large buffer is an ArrayBuffer of its own, so the record's offset in it is its place. */
  #lent(offset: number, bytes: number): void {
    if (this.reader.done) this.#oldest = offset;
    this.#head = offset + bytes;
  }

  #judge(bytes: number): void {
    if (bytes >= SMALL === this.#bulk) {
      this.#streak = 0;
      return;
    }
    this.#streak += 1;
    if (this.#streak < STREAK) return;
    this.#streak = 0;
    this.#bulk = !this.#bulk;
    if (this.#bulk) return;
    this.#fresh = undefined;
    this.release();
  }
}
