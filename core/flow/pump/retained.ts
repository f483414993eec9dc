/** After this long without an emission, what operators were given counts as dropped by them. */
const QUIET_MS = 1000;

/**
 * An estimate of what plain RxJS operators keep, since they cannot be asked: bytes given minus bytes emitted. An emission in the turn of
 * a chunk shows that they are synchronous and keep nothing. Operators that drop chunks look as if they kept them, so a full estimate
 * is forgotten after a second without an emission.
 */
export class Retained {
  #bytes = 0;
  #asynchronous = false;
  #emissions = 0;
  #quiet: NodeJS.Timeout | undefined;

  constructor(
    private readonly limit: number,
    private readonly cleared: () => void,
    private readonly noticed: () => void,
  ) {}

  get full(): boolean {
    return this.#bytes >= this.limit;
  }

  took(bytes: number): void {
    this.#bytes += bytes;
    if (this.full && this.#quiet === undefined) this.#watch();
  }

  /** @param expected the emission came in the turn of a chunk, or through a hold */
  gave(bytes: number, expected: boolean): void {
    this.#emissions += 1;
    // If nothing is kept, the emission is the operators' own: a heartbeat.
    if (!expected && !this.#asynchronous && this.#bytes > 0) {
      this.#asynchronous = true;
      this.noticed();
    }
    this.#bytes = this.#asynchronous ? Math.max(0, this.#bytes - bytes) : 0;
  }

  stop(): void {
    clearTimeout(this.#quiet);
  }

  #watch(): void {
    const seen = this.#emissions;
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      if (!this.full) return;
      if (seen !== this.#emissions) return void this.#watch();
      this.#bytes = 0;
      this.cleared();
    }, QUIET_MS);
    this.#quiet.unref();
  }
}
