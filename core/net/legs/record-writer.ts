import type { LegWriter, WriterOwner } from "./leg-writer.ts";

/**
 * Bytes that an encrypted socket may have pending before its source is stopped. Its writes always finish later, so with zero every write would stop
 * the source.
 */
const MOST = 128 * 1024;

/** Writes to an encrypted socket. */
export class RecordWriter implements LegWriter {
  /** The socket itself gathers what waits. */
  gather = false;
  #waiting = false;
  /** Called for each chunk that was taken. */
  readonly #written: () => void;

  constructor(private readonly owner: WriterOwner) {
    const written = (): void => {
      if (!this.#waiting || this.pending > MOST / 2) return;
      this.#waiting = false;
      owner.drained();
    };
    this.#written = written;
  }

  get pending(): number {
    return this.owner.socket.writableLength;
  }

  write(chunk: Buffer): boolean {
    const { socket } = this.owner;
    if (chunk.length === 0 || socket.destroyed || socket.writableEnded) return true;
    socket.write(chunk, this.#written);
    const isEnough = socket.writableLength >= MOST;
    this.#waiting ||= isEnough;
    return !isEnough;
  }

  end(): void {
    this.owner.socket.end();
  }
}
