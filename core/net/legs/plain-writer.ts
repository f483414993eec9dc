import type { Socket } from "node:net";
import { writeDirectly, writesDirectly, type Unsent } from "../node/direct-write.ts";
import { BurstWriter, LARGE } from "./burst-writer.ts";
import type { LegWriter, WriterOwner } from "./leg-writer.ts";

/** Bytes that fit into one TCP segment on every path (RFC 9293 section 3.7.1). */
const ONE_SEGMENT = 536;
const nothing = Buffer.alloc(0);

/** Writes to a plain socket. Most chunks are taken by the kernel at once; its owner is told about those that are not. */
export class PlainWriter implements LegWriter, Unsent {
  #burst: BurstWriter | undefined;
  #wrote = false;
  /** Bytes of the largest chunk that goes to the kernel without the socket's own queue. */
  #most = 0;
  /** Bytes that wait outside of the socket's own queue. */
  #direct = 0;
  /** Nagle's algorithm is on, as it is at first on every plain socket. */
  #delays = true;
  #waiting = false;
  #ends = false;

  constructor(private readonly owner: WriterOwner) {}

  get pending(): number {
    return this.owner.socket.writableLength + this.#direct;
  }

  get gather(): boolean {
    return this.#burst !== undefined;
  }

  set gather(gather: boolean) {
    this.#burst = gather ? new BurstWriter(this.owner.socket) : undefined;
    if (this.#wrote) this.#decide();
  }

  write(chunk: Buffer): boolean {
    const { socket } = this.owner;
    if (chunk.length === 0 || this.#ends || socket.destroyed || socket.writableEnded) return true;
    if (this.#delays) this.#hasten(chunk.length);
    if (chunk.length <= this.#most && !this.#waiting && socket.writableLength === 0) return this.#writeNow(socket, chunk);
    return this.#queue(socket, chunk);
  }

  #queue(socket: Socket, chunk: Buffer): boolean {
    if (this.#burst === undefined) socket.write(chunk);
    else this.#burst.write(chunk);
    if (socket.writableLength === 0) return true;
    if (!this.#waiting) this.#wait();
    return false;
  }

  #writeNow(socket: Socket, chunk: Buffer): boolean {
    this.#direct = writeDirectly(socket, chunk, this);
    this.#waiting = this.#direct > 0;
    return !this.#waiting;
  }

  /** The socket ends itself once what waits outside of its queue has left: until then it can still be reset. */
  end(): void {
    this.#ends = true;
    if (this.#direct === 0) this.owner.socket.end();
  }

  /** What waited outside of the socket's queue has been taken. */
  taken(): void {
    this.#direct = 0;
    this.#settle();
  }

  /**
   * Writes nothing (an empty buffer) behind the pending bytes, to be called back when they have been taken. Most writes are taken at once, and a
   * callback for each would be expensive (7 % of a message's CPU with 1,000 connections).
   */
  #wait(): void {
    this.#waiting = true;
    this.owner.socket.write(nothing, () => this.#settle());
  }

  #settle(): void {
    const { socket } = this.owner;
    // More may have been written meanwhile.
    if (socket.writableLength > 0 && !socket.writableEnded && !socket.destroyed) {
      this.#wait();
      return;
    }
    this.#waiting = false;
    if (this.#ends) socket.end();
    this.owner.drained();
  }

  /**
   * Turns Nagle's algorithm off, but not before the first small segment: the algorithm holds a small segment back only while another is under way. A
   * connection with one small message each way thus saves a system call on both its sockets.
   */
  #hasten(bytes: number): void {
    const { socket } = this.owner;
    const first = !this.#wrote;
    this.#wrote = true;
    if (first) this.#decide();
    if (first && bytes <= ONE_SEGMENT) return;
    this.#delays = false;
    socket.setNoDelay(true);
  }

  #decide(): void {
    // A burst is gathered in the socket's queue.
    const most = this.#burst === undefined ? Infinity : LARGE - 1;
    this.#most = writesDirectly(this.owner.socket) ? most : 0;
  }
}
