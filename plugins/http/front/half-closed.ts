/** Tells whether data is still being sent to a client that has finished sending. Most such clients have left, and only a write would show it. */
export class HalfClosed {
  #sent = 0;
  /** The number of writes at the last check. */
  #before = -1;

  /** Counts a write. */
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
