import { Observable, type MonoTypeOperatorFunction } from "rxjs";
import type { Ending, FaultedDirection } from "../definition/fault-kind.ts";

/** Ends the session when a time has passed since the fault began to work on it. A reload does not restart the time. */
export function endAfter(milliseconds: number, what: string, ending: Ending, way: FaultedDirection): MonoTypeOperatorFunction<Buffer> {
  const { since } = way.memory(() => ({ since: way.clock.now() }));
  return (source) =>
    new Observable((subscriber) => {
      const left = Math.max(0, since + milliseconds - way.clock.now());
      const timer = way.clock.schedule(() => {
        way.end(what, ending);
        // Data that operators nearer to the source still hold is not delivered.
        if (ending.flush) subscriber.complete();
      }, left);
      timer.add(source.subscribe(subscriber));
      return timer;
    });
}
