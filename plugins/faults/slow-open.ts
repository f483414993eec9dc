import { delay as delayed } from "rxjs";
import { duration } from "sluice";
import { z } from "zod";
import { commonOptions } from "./every-fault.ts";
import { defineFault } from "./define-fault.ts";
import type { FaultKind } from "./fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  /** How long a session waits before its upstream is asked. */
  delay: duration(),
});

export const slowOpenKind = {
  id: "slowOpen",
  schema,
  on: "both",
  make: ({ delay }) => ({ open: (arrival, { clock }) => arrival.pipe(delayed(delay, clock)) }),
} satisfies FaultKind<typeof schema>;

/**
 * A server that is slow to accept.
 *
 * @example slowOpen({ delay: "1s" })
 */
export const slowOpen = defineFault(slowOpenKind);
