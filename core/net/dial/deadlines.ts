/** Who waits. No function of its own: each would be a closure per session. */
export interface Waiting {
  waitedTooLong(): void;
}

/**
 * Many short waits that nearly always end before they are over, on one timer: with a timer of its own for each, dialling one
 * connection after the other took about 6 us of CPU more per connection. All waits last equally long, so they end in order.
 */
export class Deadlines {
  readonly #waits = new Set<Wait>();
  #timer: NodeJS.Timeout | undefined;

  /** @param length milliseconds of every wait */
  constructor(private readonly length: number) {}

  /** Starts a wait for somebody, who is told when it is over, not before its length has passed. */
  start(waiting: Waiting): Wait {
    const wait = new Wait(performance.now() + this.length, waiting);
    this.#waits.add(wait);
    if (this.#timer === undefined) this.#arm(this.length);
    return wait;
  }

  /** Ends a wait early. */
  end(wait: Wait): void {
    this.#waits.delete(wait);
    // A Set's outgrown tables keep what they held: without this, all of the dial attempt would outlive its connection.
    wait.waiting = undefined;
  }

  #arm(delay: number): void {
    this.#timer = setTimeout(() => this.#check(), delay);
    // It may outlive the last wait, and must not keep the process; whatever is waited for does.
    this.#timer.unref();
  }

  #check(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const wait of this.#waits) {
      if (wait.due > now) break;
      this.#waits.delete(wait);
      wait.waiting?.waitedTooLong();
    }
    const [first] = this.#waits;
    // Who was told may have started a wait, and so the timer.
    if (first !== undefined && this.#timer === undefined) this.#arm(Math.ceil(first.due - now));
  }
}

class Wait {
  constructor(
    readonly due: number,
    public waiting: Waiting | undefined,
  ) {}
}

export type { Wait };
