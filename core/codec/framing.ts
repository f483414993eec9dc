/** Finds where frames end, in one stream. It remembers how far it has looked into an unfinished frame, so that a long one is looked through once. */
export interface FrameScanner {
  /**
   * @param bytes from `start` on, what has come of this frame and all that came behind it; more is there at the next call for the same frame
   * @returns where the frame ends; undefined: not yet
   * @throws SLUICE_PLUGIN_FRAME
   */
  end(bytes: Buffer, start: number): number | undefined;
}

/** How one protocol puts messages into frames: what a codec of this package is made of. */
export interface Framing<M> {
  scanner(): FrameScanner;
  /**
   * The message in `bytes` from `start` to `end`, one whole frame. A Buffer may share its memory.
   *
   * @returns undefined: the frame has none (a blank line), and goes on as it is
   * @throws SLUICE_PLUGIN_FRAME
   */
  message(bytes: Buffer, start: number, end: number): M | undefined;
  encode(message: M): Buffer;
  /** A message that comes back as the same value stands for the same bytes: a text, or a view of the frame. */
  readonly isView: boolean;
  /** The message in a frame that the end of the stream has cut off, where that may be one. */
  last?(rest: Buffer): M | undefined;
}
