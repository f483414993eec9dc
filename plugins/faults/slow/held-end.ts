import { Observable, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { hold } from "sluice/flow";

/** Delays the end; a reload that changes the flow passes it on at once. @param milliseconds Infinity: only such a reload passes it on */
export function heldEnd(milliseconds: number, clock: SchedulerLike): MonoTypeOperatorFunction<Buffer> {
  return (source) =>
    new Observable((subscriber) => {
      let ended = false;
      const end = (): void => {
        if (ended) subscriber.complete();
      };
      const grip = hold(0, end);
      const both = source.subscribe({
        next: (chunk) => {
          subscriber.next(chunk);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          ended = true;
          if (grip.swapping) end();
          else if (milliseconds !== Infinity) subscriber.add(clock.schedule(end, milliseconds));
        },
      });
      return both;
    });
}
