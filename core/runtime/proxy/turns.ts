import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that is done one after the other. Timers and sockets have a turn between, so that much in a row does not keep them waiting. */
export class Turns {
  #queue: Promise<unknown> = Promise.resolve();

  /** Resolves when all that was asked for until now is done. */
  get idle(): Promise<unknown> {
    return this.#queue;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined).then(() => nextTurn());
    return turn;
  }
}
