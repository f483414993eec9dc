import { Observable, Subscription, type MonoTypeOperatorFunction } from "rxjs";
import { hold } from "./hold.ts";

/**
 * Puts chunks of another source into a flow, at the moment they come: a cached answer, a heartbeat. They are copied, since another flow's may be
 * lent. Completes when the flow's own source does; `extra` completing changes nothing, `extra` failing fails the flow.
 *
 * `extra` cannot be paused: where `limits.bufferPerFlow` bytes wait already, its chunks are dropped, counted (`sluice_injected_dropped_total`) and
 * warned of once.
 */
export function inject<T = Buffer>(extra: Observable<T>): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const grip = hold();
      const both = new Subscription();
      both.add(
        extra.subscribe({
          next: (chunk) => {
            grip.offer(chunk instanceof Uint8Array ? chunk.length : 0, () => {
              subscriber.next(chunk instanceof Uint8Array ? (Buffer.from(chunk) as T) : chunk);
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
