import { Observable } from "rxjs";
import { duration } from "sluice";
import { hold } from "sluice/flow";
import { z } from "zod";
import { defineFault } from "../define-fault.ts";
import { commonOptions } from "../every-fault.ts";
import { endAfter } from "../end-after.ts";
import type { Ending, FaultKind, Way } from "../fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  /** How long nothing passes before the end; 0: it does not come by itself. */
  timeout: duration(),
});

const quietly: Ending = { how: "fin", flush: true };

/** toxiproxy's timeout: what comes is lost. After a while, at the peer's end, and when the toxic is taken away, both sides see the end. */
export const toxicTimeout = defineFault({
  id: "toxicTimeout",
  schema,
  on: "streams",
  make: ({ timeout }) => ({
    data: (data, way) => {
      const lost = thrownAway(data, way);
      return timeout === 0 ? lost : lost.pipe(endAfter(timeout, `timeout: ${timeout} ms are over`, quietly, way.beside("clock")));
    },
  }),
} satisfies FaultKind<typeof schema>);

function thrownAway(data: Observable<Buffer>, way: Way): Observable<Buffer> {
  // Which operators work now: the hook of a changed toxic is called before those that it replaces complete.
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
        // Bytes are gone: whoever goes on would read a hole.
        if (!grip.swapping || memory.now === me) way.end("timeout: the end, or the toxic was taken away", quietly);
        subscriber.complete();
      },
    });
  });
}
