/** Work on chunks with a state that is kept from one chunk to the next: the argument of `carry`. */
export interface Carry<S> {
  /** Makes the state: once per session and direction, and not again at a reload that finds the state of the same `carry`. */
  readonly start: () => S;
  /** Like the function given to `each`: returns the chunk to pass on, null to drop it, or a promise of either. Has no `this` in an object literal. */
  readonly step: (state: S, chunk: Buffer) => Buffer | null | Promise<Buffer | null>;
  /**
   * Returns what is still held, not a promise (SLUICE_PLUGIN_CARRY). Called at the real end only: the stream has ended, or a reload left no `carry`
   * in this place.
   * @default nothing is held
   */
  readonly end?: (state: S) => Buffer | null;
  /**
   * Makes the state from the one that older code left. When it throws, the older code's `end` is called, and `start` makes a new state.
   * @default the state is used as it is
   */
  readonly revive?: (previous: unknown) => S;
}

/** A `carry` that must know whether chunks are datagrams. */
export interface DatagramCarry<S> extends Carry<S> {
  /** Called on UDP instead of `step`: nothing of a datagram is held for the next. */
  readonly datagram: (datagram: Buffer) => Buffer | null;
}
