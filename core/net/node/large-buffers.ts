import type { LegReader } from "../../contract/index.ts";

/** After so many small reads in a row a flow no longer moves bulk. */
const CALM = 8;
const SIZE = 256 * 1024;
/** Large buffers of the process at most: 64 MiB in all. */
const MAX = 256;
const MAX_SPARE = 16;

const spare: Buffer[] = [];
let inUse = 0;

/** A large buffer for a flow that moves bulk; undefined when the most there may be are in use. */
export function takeLarge(): Buffer | undefined {
  if (inUse >= MAX) return undefined;
  inUse += 1;
  return spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);
}

/** Gives a buffer back. Another flow may take it only if its reader uses nothing of it any more; otherwise it is left to the garbage collector. */
export function giveLarge(buffer: Buffer, { done }: Pick<LegReader, "done">): void {
  inUse -= 1;
  if (done && spare.length < MAX_SPARE) spare.push(buffer);
}

/** What a socket that has moved bulk reads into beside the shared buffer. Most sockets have none. */
export class BulkMemory {
  /** The last reads were large. */
  isMoving = false;
  /** The handle's next read goes into the large buffer. */
  isNextLarge = false;
  /** Reading once went on while lent memory was still in use: with these operators, going on does not mean that the memory is free. */
  isKept = false;
  #large: Buffer | undefined;
  #fresh: Buffer | undefined;
  #calm = 0;

  /** A read has filled the shared buffer. @param lends whether the large buffer may be lent */
  begin(lends: boolean): void {
    this.isMoving = true;
    if (lends) this.#large ??= takeLarge();
  }

  /** The buffer for the next read. @param size of a new one @param mayBeLarge whether nothing in the large buffer is in use */
  next(size: number, mayBeLarge: boolean): Buffer {
    this.isNextLarge = mayBeLarge && this.#large !== undefined;
    if (this.isNextLarge && this.#large !== undefined) return this.#large;
    return (this.#fresh ??= Buffer.allocUnsafeSlow(size));
  }

  /** A small read came. */
  small(reader: Pick<LegReader, "done">): void {
    this.#calm += 1;
    if (this.isMoving && this.#calm >= CALM) this.#rest(reader);
  }

  /** A large read came. */
  large(): void {
    this.#calm = 0;
  }

  /** Whether a buffer was new, and belongs to its reader from now on. */
  gives(into: Buffer): boolean {
    const isFresh = into === this.#fresh;
    if (isFresh) this.#fresh = undefined;
    return isFresh;
  }

  /** Gives the large buffer back. Call it only when nothing is read into it any more. */
  release(reader: Pick<LegReader, "done">): void {
    if (this.#large === undefined) return;
    giveLarge(this.#large, reader);
    this.#large = undefined;
  }

  /** Gives the large buffer back. Node asks for the next buffer after the callback, so a calm socket then reads into the shared one. */
  #rest(reader: Pick<LegReader, "done">): void {
    this.isMoving = false;
    this.isNextLarge = false;
    this.#fresh = undefined;
    this.release(reader);
  }
}
