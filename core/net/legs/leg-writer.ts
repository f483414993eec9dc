import type { Socket } from "node:net";

/** Writes to the socket of a leg. */
export interface LegWriter {
  /** Bytes that wait. */
  readonly pending: number;
  /** Whether bursts of large chunks are gathered. */
  gather: boolean;
  /** @returns false when enough bytes wait; its {@link WriterOwner} is told when they have been taken */
  write(chunk: Buffer): boolean;
  /** Sends FIN behind what waits. */
  end(): void;
}

export interface WriterOwner {
  readonly socket: Socket;
  /** What waited has been taken. */
  drained(): void;
}
