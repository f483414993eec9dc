import { OVERHEAD } from "../operators/chunk-weight.ts";

/**
 * Chunks that wait, in order. The array is made when the first chunk has to wait: with an array literal in every session, V8 would allocate all
 * of them in the old generation ("allocation-site pretenuring"), with the objects that they belong to (measured: a tenth of a new connection's
 * CPU).
 */
export class ChunkQueue {
  #chunks: Buffer[] | undefined;
  bytes = 0;

  get isEmpty(): boolean {
    return this.#chunks === undefined || this.#chunks.length === 0;
  }

  /** The bytes, and what the chunks take besides them. */
  get weight(): number {
    return this.bytes + OVERHEAD * (this.#chunks?.length ?? 0);
  }

  push(chunk: Buffer): void {
    this.#chunks ??= [];
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  shift(): Buffer | undefined {
    const chunk = this.#chunks?.shift();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
  }
}
