import { giveLarge, takeLarge } from "./large-buffers.ts";
import { copyOf, nobody, type Taker } from "./read-buffer.ts";

/** The plain text of a TLS record at most (RFC 8446 section 5.1). */
const RECORD = 16 * 1024;
/** Records land here first. One for the whole process: decrypting one and the callback that empties it are one synchronous step. */
const shared = Buffer.allocUnsafeSlow(RECORD);
/** A record of less is copied at once, and is a sign that no bulk is moved. */
const SMALL = 4 * 1024;
/** So many large records in a row, and a flow moves bulk; so many small ones, and it no longer does. */
const STREAK = 4;
/** Where chunks are not lent, several share one new piece of memory. */
const BLOCK = 64 * 1024;

/**
 * Where the records of one TLS socket are decrypted into: what Node's `onread` option takes. Records go on coming after reading was
 * stopped, those that had been read already, and their sink gathers a burst into one write. So several chunks are lent at a time: they
 * follow one another around a large buffer, and none comes to where one may still be in use (ADR 0006).
 */
export class RecordBuffer {
  /** Whether chunks may live in the reused buffer. */
  lend = false;
  /** Takes the chunks, and says whether it is done with all that was lent; false stops reading. Set before reading starts. */
  reader: Taker = nobody;
  /** Node asks for the next buffer. */
  readonly buffer = (): Uint8Array => this.#next();
  /** Node has decrypted a record. */
  readonly callback = (bytes: number, into: Uint8Array): boolean => this.#take(bytes, into as Buffer);
  #large: Buffer | undefined;
  /** In the large buffer: where the next record goes, and the first that may still be in use. */
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

  /** Room for a record in the large buffer: behind the newest, or at the start again. */
  #place(): Buffer | undefined {
    const large = (this.#large ??= takeLarge());
    if (large === undefined) return undefined;
    const wrapped = this.#head < this.#oldest;
    if (this.#head + RECORD < (wrapped ? this.#oldest : large.length)) return large.subarray(this.#head, this.#head + RECORD);
    return !wrapped && RECORD < this.#oldest ? large.subarray(0, RECORD) : undefined;
  }

  /** A record went into new memory; by the next, the large buffer may be free again. */
  #carved(fresh: Buffer, bytes: number): void {
    this.#fresh = fresh.subarray(bytes);
    if (!this.reader.done) return;
    this.#head = 0;
    this.#oldest = 0;
  }

  /** Its memory is its own, so the offset in it is the place in the large buffer. */
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
