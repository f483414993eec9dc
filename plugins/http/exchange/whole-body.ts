/** A request's body that had come to its end when the request began: it can be sent with the header, and again. */
export class WholeBody {
  readonly replayable = true;
  readonly begun = true;

  /** Said by the bytes. */
  readonly length = undefined;

  constructor(readonly whole: Buffer) {}

  get bytes(): number {
    return this.whole.length;
  }

  drop(): void {
    // Nothing is still to come.
  }
}
