import type { Postponed } from "./turn.ts";

/** A larger chunk does not wait: its own cost is far above what waiting saves. */
const SMALL = 16 * 1024;

/** The way of chunks from a sender to a receiver. A small chunk waits for its step of the turn, one at a time; all others pass at once, in order. */
export class Passage implements Postponed {
  #chunk: Buffer | undefined;
  /** The receiver asked to stop. */
  #isFull = false;
  /** The sender knows that. */
  #isTold = false;

  /**
   * @param receive takes a chunk that is the receiver's own. @returns false to stop
   * @param later lets this wait for its step of the turn
   */
  constructor(
    private readonly receive: (chunk: Buffer) => boolean,
    private readonly later: (passage: Passage) => void,
  ) {}

  /** Bytes that wait. */
  get length(): number {
    return this.#chunk?.length ?? 0;
  }

  /** @param mayWait whether the chunk may wait. @returns false to stop, until {@link Passage.freed} */
  give(chunk: Buffer, mayWait: boolean): boolean {
    this.pass();
    if (mayWait && !this.#isFull && chunk.length <= SMALL) {
      this.#chunk = chunk;
      this.later(this);
      return true;
    }
    this.#isFull = !this.receive(chunk);
    this.#isTold = this.#isFull;
    return !this.#isFull;
  }

  pass(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    this.#isFull = !this.receive(chunk);
  }

  /** The receiver has room again. @returns whether the sender has to know: not if it never knew that there was none */
  freed(): boolean {
    const isUnknown = this.#isFull && !this.#isTold;
    this.#isFull = false;
    this.#isTold = false;
    return !isUnknown;
  }

  /** Drops what waits. */
  clear(): void {
    this.#chunk = undefined;
  }
}
