import { readSync } from "node:fs";
import type { Socket } from "node:net";

/** Bytes of one read. */
const CHUNK = 64 * 1024;
/** Bytes that are read of one socket at most: more than a system's receive buffer usually has. */
const MOST = 4 * 1024 * 1024;

/**
 * Reads what a socket has received and nobody has read yet; of a TLS socket the encrypted bytes. For a socket that Node is about to close because a
 * write failed: what its peer sent before it reset the connection says why, and would be lost (ADR 0079). Undocumented: the number of the handle's
 * descriptor.
 *
 * @returns nothing where the descriptor has no number (Windows)
 */
export function unreadBytes(socket: Socket): readonly Buffer[] {
  const { fd = -1 } = (socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle ?? {};
  if (fd < 0) return [];
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (let chunk = readNow(fd); chunk !== undefined; chunk = bytes < MOST ? readNow(fd) : undefined) {
    chunks.push(chunk);
    bytes += chunk.length;
  }
  return chunks;
}

/** @returns undefined when there is nothing more: the end, a reset, or no bytes yet */
function readNow(fd: number): Buffer | undefined {
  const into = Buffer.allocUnsafe(CHUNK);
  try {
    const bytes = readSync(fd, into);
    return bytes === 0 ? undefined : into.subarray(0, bytes);
  } catch {
    return undefined;
  }
}
