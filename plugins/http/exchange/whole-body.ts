/** A request's body that was complete when the request began. It can be sent together with the header, and again. */
export class WholeBody {
  readonly replayable = true;
  readonly begun = true;

  /** Undefined: the bytes have the length. */
  readonly length = undefined;

  constructor(readonly whole: Buffer) {}

  get bytes(): number {
    return this.whole.length;
  }

  drop(): void {
    // Nothing is still to come.
  }
}
