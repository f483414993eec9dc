import type { SluiceError } from "../errors/errors.ts";

/** The reader of a leg: a flow. */
export interface LegReader {
  /**
   * A chunk (one datagram on a datagram leg).
   * @returns false to stop: the leg delivers no more until `resume()`, except records that it had read already. A lent chunk belongs to the
   * leg again only when the reader is `done`, whatever this returned and whichever side has ended or failed.
   */
  data(chunk: Buffer): boolean;
  /** Whether no lent chunk is still in use: checked before its memory is read into again, or given to another session. */
  readonly done: boolean;
  /** The peer finished sending (FIN). Only `failed` may follow. */
  end(): void;
  /** The leg is gone: reset, or an error of the operating system. Called at most once; nothing follows. */
  failed(error: SluiceError): void;
}

/**
 * One side of a session, whatever it is made of: a TCP or TLS socket, a client of a UDP listener, or a plugin that answers by itself.
 * Nothing here throws, and nothing is delivered before `read()`.
 */
export interface Leg {
  /** One write is one datagram, reading cannot be paused, and there is no end. */
  readonly datagrams: boolean;
  /** Its chunks are TLS records: several come in one turn of the event loop. */
  readonly records: boolean;
  /** Whether `write` may wait until the event loop turns, so that a burst of chunks is one write. The writing flow sets it. */
  gather: boolean;
  /** Whether `data` may deliver chunks that live in a buffer which the leg reuses. The reading flow sets it. */
  lend: boolean;
  /** Whether a chunk given to `write` may be reused by its owner once `pending` is 0. */
  readonly borrows: boolean;
  /** Bytes accepted by `write` that the kernel (or the next receiver) has not taken yet. */
  readonly pending: number;
  /** Called when there is room again after a `write` that returned false; on a leg that borrows, when `pending` is 0. The writing flow sets it. */
  onDrain: (() => void) | undefined;
  /** Called once, when both sides have ended or the leg was destroyed, and its descriptor is free. The session sets it. */
  onClosed: (() => void) | undefined;
  /** Starts delivering to `reader`. */
  read(reader: LegReader): void;
  /** Delivers again after `data` returned false. */
  resume(): void;
  /** Checks whether the peer has reset the connection, which is not noticed while nothing is read; then the reader gets the error. */
  checkPeer?(): void;
  /** @returns false when enough is pending (on a leg that borrows, anything): wait for `onDrain` before the next. */
  write(chunk: Buffer): boolean;
  /** Passes FIN on once everything written has left. */
  end(): void;
  /** For an upstream leg that may move to another endpoint: the current one. @default the endpoint that it was opened to */
  readonly endpoint?: string;
  /** For an upstream leg of datagrams: called when its listener has another upstream. If nothing answers any more, the leg fails. */
  replaced?(): void;
  /** For a leg that a plugin answers: nothing is in progress, so that a reset by the client counts as a normal end. @default false */
  readonly isIdle?: boolean;
  /** For a leg that a plugin answers: called at a drain, so that it ends as soon as the work in progress is done. */
  retire?(): void;
  /** Destroys the leg so that the peer sees a reset (RST); pending data is lost. */
  reset(): void;
  /** Destroys the leg quietly; pending data is lost. */
  destroy(): void;
}
