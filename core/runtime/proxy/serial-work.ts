import { setImmediate as nextTurn } from "node:timers/promises";

/** Does pieces of work one after the other. Timers and sockets get a turn in between, so that many pieces in a row do not block them. */
export class SerialWork {
  #queue: Promise<unknown> = Promise.resolve();

  /** Resolves when all work that was added until now is done. */
  get idle(): Promise<unknown> {
    return this.#queue;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined).then(() => nextTurn());
    return turn;
  }
}
