/** Requests of one connection that are begun in one turn of the event loop: the others of a long pipeline wait for the next. */
const MOST = 32;
/** From so many on it is worth the turn's end being noticed. */
const NOTICED = 16;

/** How many requests a connection has begun in this turn of the event loop. Answers that need no upstream would otherwise let nobody else have a turn. */
export class Turn {
  #begun = 0;

  /** @param over called in the next turn, where this one was spent */
  constructor(private readonly over: () => void) {}

  /** No other request is begun in this turn. */
  get isSpent(): boolean {
    return this.#begun >= MOST;
  }

  /** A request is begun. */
  begin(): void {
    this.#begun += 1;
    if (this.#begun === NOTICED) setImmediate(ended, this);
  }

  /** Called by the event loop alone. */
  end(): void {
    const { isSpent } = this;
    this.#begun = 0;
    if (isSpent) this.over();
  }
}

function ended(turn: Turn): void {
  turn.end();
}
