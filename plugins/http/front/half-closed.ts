/** Whether a client that has finished sending still takes its answer: most have left, which writing tells if anything is written. */
export class HalfClosed {
  #sent = 0;
  /** What was sent when it was last asked. */
  #before = -1;

  /** Something was sent. */
  sent(): void {
    this.#sent += 1;
  }

  /** @returns whether nothing was sent since the last call */
  isStill(): boolean {
    const isStill = this.#sent === this.#before;
    this.#before = this.#sent;
    return isStill;
  }
}
