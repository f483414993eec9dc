/** Work on chunks that keeps something from one to the next: what `carry` takes. */
export interface Carry<S> {
  /** Makes the state: once per session and direction, not at a reload that finds the state of the same `carry`. */
  readonly start: () => S;
  /** As the function given to `each`: returns the chunk to pass on, null to drop it, or a promise of either. In an object literal it has no `this`. */
  readonly step: (state: S, chunk: Buffer) => Buffer | null | Promise<Buffer | null>;
  /**
   * What is still held, at the real end only: the stream has ended, or a reload left no `carry` in this place.
   * @default nothing is
   */
  readonly end?: (state: S) => Buffer | null;
  /**
   * Makes a state of the one that older code left. When it throws, the older code's `end` is called, and this one starts again.
   * @default the state is taken as it is
   */
  readonly revive?: (previous: unknown) => S;
}

/** One that must know whether chunks are datagrams. */
export interface DatagramCarry<S> extends Carry<S> {
  /** On UDP, instead of `step`: nothing of a datagram is held for the next. */
  readonly datagram: (datagram: Buffer) => Buffer | null;
}
