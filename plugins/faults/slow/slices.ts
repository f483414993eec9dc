import { Observable, type MonoTypeOperatorFunction } from "rxjs";

/** Passes each chunk on in pieces. @param sizes returns the sizes of a chunk's pieces; the last piece gets the rest */
export function inSlices(sizes: (bytes: number) => Iterable<number>): MonoTypeOperatorFunction<Buffer> {
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: (chunk) => {
          let at = 0;
          for (const size of sizes(chunk.length)) {
            subscriber.next(chunk.subarray(at, at + size));
            at += size;
          }
          if (at < chunk.length || chunk.length === 0) subscriber.next(chunk.subarray(at));
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          subscriber.complete();
        },
      }),
    );
}
