/** Passes bytes on in parts, one in each turn of the event loop, where passing all of them at once would block all other work. */
export class PacedBytes {
  #parts: Buffer[] = [];

  /** @param over called when all parts were passed */
  constructor(
    private readonly pass: (part: Buffer) => void,
    private readonly over: () => void,
  ) {}

  /** The bytes that wait. */
  get length(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether bytes wait: further ones must wait behind them. */
  get isBusy(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes bytes, which are copied. @param count the number of parts */
  add(bytes: Buffer, count: number): void {
    if (!this.isBusy) setImmediate(turn, this);
    const kept = Buffer.from(bytes);
    const size = Math.ceil(kept.length / count);
    for (let at = 0; at < kept.length; at += size) this.#parts.push(kept.subarray(at, at + size));
  }

  stop(): void {
    this.#parts = [];
  }

  /** Called by the event loop only. */
  next(): void {
    const [part] = this.#parts;
    if (part === undefined) return;
    // It stays while it is passed: what comes meanwhile waits behind the others.
    this.pass(part);
    this.#parts.shift();
    if (this.isBusy) setImmediate(turn, this);
    else this.over();
  }
}

function turn(paced: PacedBytes): void {
  paced.next();
}
