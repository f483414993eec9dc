import type { SluiceError } from "./errors.ts";

/** Who reads a leg: a flow. */
export interface LegReader {
  /**
   * A chunk (one datagram on a datagram leg).
   * @returns false to stop: the leg delivers no more until `resume()`, but for records that it had read already. A lent chunk is the
   * leg's again only when the reader is `done`, whatever this returned and whoever has ended or failed.
   */
  data(chunk: Buffer): boolean;
  /** Whether nothing that it was lent is still in use: asked before memory is read into again, or given to another session. */
  readonly done: boolean;
  /** The peer finished sending (FIN). Nothing follows but, perhaps, `failed`. */
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
  /** Bytes accepted by `write` that the kernel (or the next in line) has not taken yet. */
  readonly pending: number;
  /** Called when there is room again after a `write` that returned false; on a leg that borrows, when `pending` is 0. The writing flow sets it. */
  onDrain: (() => void) | undefined;
  /** Called once, when both sides have ended or the leg was destroyed, and its descriptor is free. The session sets it. */
  onClosed: (() => void) | undefined;
  /** Starts delivering to `reader`. */
  read(reader: LegReader): void;
  /** Delivers again after `data` returned false. */
  resume(): void;
  /** @returns false when enough is pending (on a leg that borrows, anything): wait for `onDrain` before the next. */
  write(chunk: Buffer): boolean;
  /** Passes FIN on once everything written has left. */
  end(): void;
  /** Of an upstream's leg that may change its way: the endpoint that it leads to now. @default the one that it was opened to */
  readonly endpoint?: string;
  /** Of an upstream's leg of datagrams: its listener has another upstream now. Where nobody answers any more, it fails. */
  replaced?(): void;
  /** Of a leg that stands for a plugin: nothing is under way, so that a client which breaks off now has left in peace. @default false */
  readonly isIdle?: boolean;
  /** Asked for at a drain, of a leg that stands for a plugin: to end as soon as what is under way is done. */
  retire?(): void;
  /** Destroys the leg so that the peer sees a reset (RST); what is pending is lost. */
  reset(): void;
  /** Destroys the leg quietly; what is pending is lost. */
  destroy(): void;
}
