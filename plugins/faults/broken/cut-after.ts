import { Observable, type MonoTypeOperatorFunction } from "rxjs";
import type { Ending, FaultedDirection } from "../definition/fault-kind.ts";

interface Cut {
  /** The bytes of this direction that pass. */
  readonly bytes: number;
  readonly what: string;
  readonly ending: Ending;
  /** Whether the flow has datagrams, which pass completely or not at all. */
  readonly datagrams: boolean;
}

/** Passes a number of bytes on, and then ends the session. The count continues over reloads. */
export function cutAfter({ bytes, what, ending, datagrams }: Cut, way: FaultedDirection): MonoTypeOperatorFunction<Buffer> {
  const memory = way.memory(() => ({ passed: 0 }));
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: (chunk) => {
          if (subscriber.closed) return;
          const left = Math.max(0, bytes - memory.passed);
          const passes = chunk.length <= left ? chunk : chunk.subarray(0, datagrams ? 0 : left);
          memory.passed += passes.length;
          if (passes.length > 0) subscriber.next(passes);
          if (chunk.length < left) return;
          way.end(what, ending);
          // Data that operators nearer to the source still hold does not pass.
          subscriber.complete();
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
