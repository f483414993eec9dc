/** The longest time that setTimeout can wait: with a longer one it fires at once. */
const LONGEST = 2 ** 31 - 1;

/** A time limit that is set again often: one timer serves many settings. */
export class Deadline {
  #at = Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** The time at which the timer fires, never after the deadline. */
  #firesAt = 0;

  constructor(private readonly owner: { expired(): void }) {}

  get isSet(): boolean {
    return this.#at !== Infinity;
  }

  /** @param ms from now; 0: never */
  set(ms: number): void {
    if (ms === 0) {
      this.#at = Infinity;
      return;
    }
    this.#at = performance.now() + ms;
    if (this.#timer === undefined || this.#firesAt > this.#at) this.#start(ms);
  }

  /** Ends it; no timer is left. */
  stop(): void {
    this.#at = Infinity;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(ms: number): void {
    clearTimeout(this.#timer);
    const wait = Math.min(ms, LONGEST);
    this.#firesAt = performance.now() + wait;
    this.#timer = setTimeout(fired, wait, this);
    this.#timer.unref();
  }

  /** Called by the timer only. */
  fire(): void {
    this.#timer = undefined;
    if (this.#at === Infinity) return;
    const left = this.#at - performance.now();
    if (left > 0) this.#start(Math.ceil(left));
    else {
      this.#at = Infinity;
      this.owner.expired();
    }
  }
}

function fired(deadline: Deadline): void {
  deadline.fire();
}
