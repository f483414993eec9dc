import { Observable, Subscription, type OperatorFunction } from "rxjs";
import { hold } from "./hold.ts";

/**
 * Puts chunks of another source into a flow, at the moment they come: a cached answer, a heartbeat. They are copied, since chunks of another
 * flow may be lent. Completes when the flow's own source completes; the completion of `extra` changes nothing, an error of `extra` fails the flow.
 *
 * `extra` cannot be paused: while `limits.bufferPerFlow` bytes wait, its chunks are dropped and counted (`sluice_injected_dropped_total`), with
 * one warning.
 */
export function inject<T = Buffer, E = T>(extra: Observable<E>): OperatorFunction<T, T | E> {
  return (source) =>
    new Observable((subscriber) => {
      const grip = hold();
      const both = new Subscription();
      both.add(
        extra.subscribe({
          next: (chunk) => {
            grip.offer(chunk instanceof Uint8Array ? chunk.length : 0, () => {
              subscriber.next(chunk instanceof Uint8Array ? (Buffer.from(chunk) as E) : chunk);
            });
          },
          error: (error: unknown) => {
            subscriber.error(error);
          },
        }),
      );
      both.add(source.subscribe(subscriber));
      return both;
    });
}
