import { Observable } from "rxjs";
import { duration } from "sluice";
import { hold } from "sluice/flow";
import { z } from "zod";
import { defineFault } from "../definition/define-fault.ts";
import { commonOptions } from "../definition/every-fault.ts";
import { endAfter } from "../broken/end-after.ts";
import type { Ending, FaultKind, FaultedDirection } from "../definition/fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  /** The time until the end; 0: the end does not come by itself. */
  timeout: duration(),
});

const quietly: Ending = { how: "fin", flush: true };

/** toxiproxy's timeout: all data is lost. Both sides see the end after a time, at the peer's end, or when the toxic is removed. */
export const toxicTimeout = defineFault({
  id: "toxicTimeout",
  schema,
  on: "streams",
  make: ({ timeout }) => ({
    data: (data, way) => {
      const lost = thrownAway(data, way);
      return timeout === 0 ? lost : lost.pipe(endAfter(timeout, `timeout: ${timeout} ms have passed`, quietly, way.beside("clock")));
    },
  }),
} satisfies FaultKind<typeof schema>);

function thrownAway(data: Observable<Buffer>, way: FaultedDirection): Observable<Buffer> {
  // Marks the operator that is in use: when a toxic changes, its new hook is called before the old operators complete.
  const memory = way.memory((): { now: object } => ({ now: {} }));
  const me = {};
  memory.now = me;
  return new Observable((subscriber) => {
    const grip = hold();
    return data.subscribe({
      error: (error: unknown) => {
        subscriber.error(error);
      },
      complete: () => {
        // Bytes are lost, so the connection must not continue with a gap.
        if (!grip.swapping || memory.now === me) way.end("timeout: the end, or the toxic was taken away", quietly);
        subscriber.complete();
      },
    });
  });
}
