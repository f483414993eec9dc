/** Milliseconds during which repeats are counted before they are logged. */
const EVERY_MS = 10_000;
/** Different things that are counted separately; all further ones are counted together. */
const MOST = 64;

interface Repeated {
  count: number;
  tell: (count: number) => void;
}

/** Reports things that happen again and again: the first time at once, and then every ten seconds how often they came. */
export class Repeats {
  readonly #known = new Map<string, Repeated>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tell called with 0 the first time, later with the number of times since it was last logged */
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

  /** Reports what was counted and not reported yet. */
  close(): void {
    this.#sum();
    this.#known.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Reports the counts. Forgets what has not come again, so that the next time is reported at once. */
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
