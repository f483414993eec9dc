import type { FrameScanner } from "./framing.ts";

const none = Buffer.alloc(0);

/**
 * The bytes of an incomplete frame: the state that `messages` carries over a swap. They are a copy, in memory that grows by doubling: a frame
 * that comes byte by byte costs no more than twice its bytes.
 */
export class Unfinished {
  /** Memory for the rest and more; never memory that a message may be a view of. */
  #room = none;
  #rest: Buffer = none;

  constructor(
    readonly scanner: FrameScanner,
    rest: Buffer = none,
  ) {
    this.#rest = rest;
  }

  /** The bytes from which no message has been made. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** The rest followed by a chunk, in one piece. The rest does not change before {@link leave} or {@link keep}. */
  with(chunk: Buffer): Buffer {
    const { length } = this.#rest;
    if (length === 0) return chunk;
    const needed = length + chunk.length;
    if (this.#room.length < needed || !this.#isRoom(this.#rest)) {
      const room = Buffer.allocUnsafe(Math.max(needed, 2 * length));
      room.set(this.#rest);
      this.#room = room;
      this.#rest = room.subarray(0, length);
    }
    this.#room.set(chunk, length);
    return this.#room.subarray(0, needed);
  }

  /** Messages are being made from `bytes` up to `at`; the rest is a view of them, until somebody else uses the memory. */
  leave(bytes: Buffer, at: number): void {
    this.#rest = bytes.subarray(at);
  }

  /** Keeps the bytes from `at` on as the rest. They are copied if they are not in memory of their own. */
  keep(bytes: Buffer, at: number): void {
    if (at >= bytes.length) this.#rest = none;
    else if (at === 0 && this.#isRoom(bytes)) this.#rest = bytes;
    else this.#rest = Buffer.from(bytes.subarray(at));
    // Messages may be views of the bytes before `at`: the next bytes go to other memory.
    if (at > 0) this.#room = none;
  }

  #isRoom({ buffer, byteOffset }: Buffer): boolean {
    return buffer === this.#room.buffer && byteOffset === this.#room.byteOffset;
  }
}
