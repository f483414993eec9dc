import { CLOCK, definePlugin } from "sluice";
import { answer } from "sluice/flow";
import { defer, of } from "rxjs";

/** The daytime service of RFC 867, in a form that machines read too: says what time it is, and hangs up. */
export const daytime = definePlugin("daytime", (_options, inject) => {
  const clock = inject(CLOCK);
  const now = (): Buffer => Buffer.from(`${new Date(clock.now()).toISOString()}\n`);
  return {
    connect: (_attempt, session) => of(answer("daytime", () => defer(() => of(now())), session)),
  };
});
