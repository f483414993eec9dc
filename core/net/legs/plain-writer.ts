import { BurstWriter } from "./burst-writer.ts";
import type { LegWriter, WriterOwner } from "./leg-writer.ts";

/** Bytes that fit into one TCP segment on every path (RFC 9293 section 3.7.1). */
const ONE_SEGMENT = 536;
const nothing = Buffer.alloc(0);

/** Writes to a plain socket. Most chunks are taken by the kernel at once; its owner is told about those that are not. */
export class PlainWriter implements LegWriter {
  #burst: BurstWriter | undefined;
  #wrote = false;
  /** Nagle's algorithm is on, as it is at first on every plain socket. */
  #delays = true;
  #waiting = false;

  constructor(private readonly owner: WriterOwner) {}

  get pending(): number {
    return this.owner.socket.writableLength;
  }

  get gather(): boolean {
    return this.#burst !== undefined;
  }

  set gather(gather: boolean) {
    this.#burst = gather ? new BurstWriter(this.owner.socket) : undefined;
  }

  write(chunk: Buffer): boolean {
    const { socket } = this.owner;
    if (chunk.length === 0 || socket.destroyed || socket.writableEnded) return true;
    if (this.#delays) this.#hasten(chunk.length);
    if (this.#burst === undefined) socket.write(chunk);
    else this.#burst.write(chunk);
    if (socket.writableLength === 0) return true;
    if (!this.#waiting) this.#wait();
    return false;
  }

  end(): void {
    this.owner.socket.end();
  }

  /**
   * Writes nothing (an empty buffer) behind the pending bytes, to be called back when they have been taken. Most writes are taken at once, and a
   * callback for each would be expensive (7 % of a message's CPU with 1,000 connections).
   */
  #wait(): void {
    this.#waiting = true;
    this.owner.socket.write(nothing, () => this.#taken());
  }

  #taken(): void {
    const { socket } = this.owner;
    // More may have been written meanwhile.
    if (socket.writableLength > 0 && !socket.writableEnded && !socket.destroyed) {
      this.#wait();
      return;
    }
    this.#waiting = false;
    this.owner.drained();
  }

  /**
   * Turns Nagle's algorithm off, but not before the first small segment: the algorithm holds a small segment back only while another is under way. A
   * connection with one small message each way thus saves a system call on both its sockets.
   */
  #hasten(bytes: number): void {
    const first = !this.#wrote;
    this.#wrote = true;
    if (first && bytes <= ONE_SEGMENT) return;
    this.#delays = false;
    this.owner.socket.setNoDelay(true);
  }
}
