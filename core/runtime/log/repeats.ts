/** How long the same is counted before it is logged again. */
const EVERY_MS = 10_000;
/** Different things that are kept apart; what comes beyond them is one. */
const MOST = 64;

interface Repeated {
  count: number;
  tell: (count: number) => void;
}

/** Tells of what happens again and again: the first time at once, and then how often it came, every ten seconds. */
export class Repeats {
  readonly #known = new Map<string, Repeated>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tell is given 0 the first time, then how often it came since it was logged last */
  happened(what: string, tell: (count: number) => void): void {
    const key = this.#known.has(what) || this.#known.size < MOST ? what : "";
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.tell = tell;
      return;
    }
    this.#known.set(key, { count: 0, tell });
    tell(0);
    this.#timer ??= setInterval(() => {
      this.#sum();
    }, EVERY_MS).unref();
  }

  /** Logs what was not logged yet. */
  close(): void {
    this.#sum();
    this.#known.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What has not come again is forgotten, so that the next time is logged at once. */
  #sum(): void {
    for (const [key, repeated] of this.#known) {
      if (repeated.count === 0) this.#known.delete(key);
      else repeated.tell(repeated.count);
      repeated.count = 0;
    }
    if (this.#known.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
