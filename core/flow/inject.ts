import { Observable, Subscription, type MonoTypeOperatorFunction } from "rxjs";
import { hold } from "./hold.ts";

/**
 * Puts chunks of another source into a flow, at the moment they come: a cached answer, a heartbeat. Completes when the flow's own
 * source does; `extra` completing changes nothing, `extra` failing fails the flow.
 */
export function inject<T = Buffer>(extra: Observable<T>): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const grip = hold();
      const both = new Subscription();
      both.add(
        extra.subscribe({
          next: (chunk) => {
            grip.release(0, () => {
              subscriber.next(chunk);
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
