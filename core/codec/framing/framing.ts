/** Finds where frames end, in one stream. It remembers how far it has looked into an unfinished frame, so that a long frame is searched only once. */
export interface FrameScanner {
  /**
   * @param bytes from `start` on, all that has come of this frame and after it; the next call for the same frame has more
   * @returns where the frame ends; undefined: not yet
   * @throws SLUICE_PLUGIN_FRAME
   */
  end(bytes: Buffer, start: number): number | undefined;
}

/** How one protocol puts messages into frames: the basis of a codec of this package. */
export interface Framing<M> {
  scanner(): FrameScanner;
  /**
   * The message in `bytes` from `start` to `end`, one whole frame. A message that is a Buffer may share the memory of `bytes`.
   *
   * @returns undefined if the frame has no message (a blank line): it goes on as it is
   * @throws SLUICE_PLUGIN_FRAME
   */
  message(bytes: Buffer, start: number, end: number): M | undefined;
  encode(message: M): Buffer;
  /** Whether a message that comes back as the same value has the same bytes: it is a text, or a view of the frame. */
  readonly isView: boolean;
  /** The message in a frame that the end of the stream has cut off, if such a frame can be a message. */
  last?(rest: Buffer): M | undefined;
}
