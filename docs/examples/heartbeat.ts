import { CLOCK, definePlugin, duration } from "sluice";
import { inject as putInto } from "sluice/flow";
import { interval, map } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** Between one beat and the next. */
  every: duration().prefault("15s"),
  text: z.string().default("\n"),
});

/** Puts a text into what the client gets, again and again: for line protocols through networks that forget idle connections. */
export const heartbeat = definePlugin(
  "heartbeat",
  ({ every, text }, inject) => {
    const clock = inject(CLOCK);
    const beat = (): Buffer => Buffer.from(text);
    return {
      fromUpstream: (data) => data.pipe(putInto(interval(every, clock).pipe(map(beat)))),
    };
  },
  schema,
);
