import type { FrameScanner } from "./framing.ts";

const none = Buffer.alloc(0);

/**
 * The bytes of a frame that has not come whole: the state that `messages` carries over a swap. What is kept is a copy, in memory that grows by
 * doubling: a frame that comes byte by byte costs no more than twice its bytes.
 */
export class Unfinished {
  /** Room for the rest and more; never one that a message may be a view of. */
  #room = none;
  #rest: Buffer = none;

  constructor(
    readonly scanner: FrameScanner,
    rest: Buffer = none,
  ) {
    this.#rest = rest;
  }

  /** What no message has been made of. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** The rest with a chunk behind it, in one piece. The rest stays what it is until {@link leave} or {@link keep}. */
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

  /** Messages are being made of `bytes` up to here; the rest is a view of them, for as long as its memory is nobody else's. */
  leave(bytes: Buffer, at: number): void {
    this.#rest = bytes.subarray(at);
  }

  /** The rest is what stands from here on, and is kept: copied, where it is not in memory of its own. */
  keep(bytes: Buffer, at: number): void {
    if (at >= bytes.length) this.#rest = none;
    else if (at === 0 && this.#isRoom(bytes)) this.#rest = bytes;
    else this.#rest = Buffer.from(bytes.subarray(at));
    // Messages may be views of what was in front: the next bytes go elsewhere.
    if (at > 0) this.#room = none;
  }

  #isRoom({ buffer, byteOffset }: Buffer): boolean {
    return buffer === this.#room.buffer && byteOffset === this.#room.byteOffset;
  }
}
