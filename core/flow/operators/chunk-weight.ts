/** About what a chunk takes in memory besides its bytes, while it waits. */
export const OVERHEAD = 256;

/**
 * What a chunk or a message counts for while it waits: its bytes, and what it takes besides them. Without that, a peer could fill the memory
 * with empty datagrams.
 */
export function weightOf(chunk: unknown): number {
  return OVERHEAD + (chunk instanceof Uint8Array ? chunk.length : 0);
}
