/** Received bytes that are not read yet. */
export class Received {
  #chunks: Buffer[] = [];
  length = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Takes a number of bytes from the beginning, or all. */
  take(count = this.length): Buffer {
    const whole = this.whole();
    const taken = whole.subarray(0, count);
    this.#chunks = count < whole.length ? [whole.subarray(count)] : [];
    this.length -= taken.length;
    return taken;
  }

  /** All bytes, which are not taken. */
  whole(): Buffer {
    const whole = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.length);
    this.#chunks = whole === undefined ? [] : [whole];
    return whole ?? Buffer.alloc(0);
  }
}
