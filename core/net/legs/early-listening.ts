import type { Socket } from "node:net";
import { nobody, type ReadBuffer } from "../node/read-buffer.ts";

/** Reads a stream before its reader does. */
export interface EarlyReader {
  /** @returns whether it wants more */
  take(chunk: Buffer): boolean;
  /** The peer has finished sending. */
  ended(): void;
  /** The socket is closed. */
  gone(): void;
}

/** Reads a socket for an {@link EarlyReader}, from the moment it is constructed. Its leg tells it when the socket has closed. */
export class EarlyListening {
  readonly #take = (chunk: Buffer): boolean => this.early.take(chunk);
  readonly #ended = (): void => this.early.ended();

  /** @param buffer the buffer that the socket reads into; undefined: chunks come as `data` events */
  constructor(
    private readonly socket: Socket,
    private readonly buffer: ReadBuffer | undefined,
    private readonly early: EarlyReader,
  ) {
    socket.on("end", this.#ended);
    if (buffer === undefined) socket.on("data", this.#take);
    else buffer.reader = { data: this.#take, done: true };
    socket.resume();
  }

  /** The socket is closed. */
  gone(): void {
    this.early.gone();
  }

  stop(): void {
    this.socket.off("end", this.#ended).pause();
    if (this.buffer === undefined) this.socket.off("data", this.#take);
    else this.buffer.reader = nobody;
  }
}
