import { Observable } from "rxjs";
import type { Session } from "sluice";

/** A plugin's hook for one direction. */
export type BytesHook = (data: Observable<Buffer>, session: Session) => Observable<Buffer>;

/** What a lent chunk is overwritten with once the call it was lent for is over. */
export const POISON = 0xdb;

/**
 * Chunks as a flow lends them: in memory that is somebody else's as soon as the hooks' call returns. So a plugin that says
 * `borrows = true` and keeps a chunk all the same emits poison, and fails in its author's own test.
 */
function lend(chunks: readonly Buffer[]): Observable<Buffer> {
  return new Observable((subscriber) => {
    for (const chunk of chunks) {
      const lent = Buffer.from(chunk);
      subscriber.next(lent);
      lent.fill(POISON);
    }
    subscriber.complete();
  });
}

/** Chunks that belong to whoever receives them. */
function give(chunks: readonly Buffer[]): Observable<Buffer> {
  return new Observable((subscriber) => {
    for (const chunk of chunks) subscriber.next(Buffer.from(chunk));
    subscriber.complete();
  });
}

/**
 * What a hook makes of some chunks, copied at each emission as a socket does.
 *
 * @param borrows what the plugin says of itself: then the chunks are lent, and poisoned after the call
 * @throws the hook's error; an Error when its output does not complete in time
 */
export async function bytesThrough(hook: BytesHook, chunks: readonly Buffer[], session: Session, borrows: boolean): Promise<Buffer> {
  const out: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the hook's output did not complete after its input had")), 5_000);
    const settle = (end: () => void) => (): void => {
      clearTimeout(late);
      end();
    };
    hook(borrows ? lend(chunks) : give(chunks), session).subscribe({
      next: (chunk) => out.push(Buffer.from(chunk)),
      error: (error: Error) => settle(() => reject(error))(),
      complete: settle(() => resolve(Buffer.concat(out))),
    });
  });
}
