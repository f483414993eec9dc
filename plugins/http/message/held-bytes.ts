/** Bytes that wait for their turn. */
export class HeldBytes {
  length = 0;
  #chunks: Buffer[] = [];

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Puts back the unused rest of the first chunk. */
  unshift(chunk: Buffer): void {
    this.#chunks.unshift(chunk);
    this.length += chunk.length;
  }

  shift(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    this.length -= chunk?.length ?? 0;
    return chunk;
  }

  clear(): void {
    this.#chunks = [];
    this.length = 0;
  }
}
