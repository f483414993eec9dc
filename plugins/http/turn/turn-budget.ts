/** The most requests of one connection that begin in one turn of the event loop; further pipelined requests wait for the next turn. */
const MOST = 32;
/** The number of requests from which on the end of the turn is watched, which has a cost. */
const NOTICED = 16;

/**
 * Counts the requests that a connection begins in one turn of the event loop. Without a limit, answers that need no upstream could block all other
 * work.
 */
export class TurnBudget {
  #begun = 0;

  /** @param over called in the next turn, if the limit was reached in this one */
  constructor(private readonly over: () => void) {}

  /** Whether no further request may begin in this turn. */
  get isSpent(): boolean {
    return this.#begun >= MOST;
  }

  /** Counts a request. */
  begin(): void {
    this.#begun += 1;
    if (this.#begun === NOTICED) setImmediate(ended, this);
  }

  /** Called by the event loop only. */
  end(): void {
    const { isSpent } = this;
    this.#begun = 0;
    if (isSpent) this.over();
  }
}

function ended(turn: TurnBudget): void {
  turn.end();
}
