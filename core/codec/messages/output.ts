/** The output for one chunk, in order. Neighbouring unchanged frames stay one piece, and a chunk without any change is not copied. */
export class Output {
  #pieces: Buffer[] = [];
  /** The unchanged frames after the pieces. */
  #start = 0;
  #end = 0;

  constructor(private readonly bytes: Buffer) {}

  /** A frame goes on as it is. */
  keep(start: number, end: number): void {
    if (this.#end !== start) this.#close(start);
    this.#end = end;
  }

  add(piece: Buffer): void {
    this.#close(this.#end);
    this.#pieces.push(piece);
  }

  /** Takes everything out, as one chunk; null: there is nothing. */
  take(): Buffer | null {
    this.#close(this.#end);
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  }

  #close(next: number): void {
    if (this.#end > this.#start) this.#pieces.push(this.bytes.subarray(this.#start, this.#end));
    this.#start = next;
    this.#end = next;
  }
}
