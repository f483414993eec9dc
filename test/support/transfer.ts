import type { Socket } from "node:net";
import { createHash } from "node:crypto";
import { eventOf } from "./bounded.ts";

/** Writes chunks as fast as the other side takes them, then FIN. */
export async function send(socket: Socket, chunks: Iterable<Buffer>): Promise<void> {
  for (const chunk of chunks) {
    // The point is to wait for the peer.
    if (!socket.write(chunk)) await eventOf(socket, "drain", 30_000);
  }
  socket.end();
}

export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Reads until FIN without keeping the bytes.
 *
 * @param progress told how many bytes have come, after each chunk
 * @throws when the connection breaks before a FIN
 */
export function digestOf(socket: Socket, progress: (bytes: number) => void = () => undefined): Promise<Digest> {
  const hash = createHash("sha256");
  let bytes = 0;
  return new Promise((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      progress(bytes);
    });
    socket.once("end", () => resolve({ bytes, sha256: hash.digest("hex") }));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the connection closed after ${bytes} bytes without a FIN`)));
  });
}
