import type { Feed } from "./feed.ts";
import type { ChunkEvent } from "./session-tap.ts";

/** Chunks of a session that are returned at most. */
const mostChunks = 256;
const mostText = 512 * 1024;

/**
 * The first chunks of a session that pass from now on, until the time is up: about 256 chunks and about 512 KiB of base64 at most.
 *
 * @param milliseconds how long
 */
export function watchFor(feed: Feed, session: number, milliseconds: number): Promise<readonly ChunkEvent[]> {
  return new Promise((resolve) => {
    const chunks: ChunkEvent[] = [];
    let size = 0;
    const stop = feed.tap(String(session), {
      get full() {
        return chunks.length === mostChunks || size > mostText;
      },
      show: (chunk) => {
        size += chunk.data?.length ?? 0;
        chunks.push(chunk);
      },
      miss: () => undefined,
    });
    setTimeout(() => {
      stop();
      resolve(chunks);
    }, milliseconds);
  });
}
