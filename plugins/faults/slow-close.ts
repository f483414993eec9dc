import { duration } from "sluice";
import { z } from "zod";
import { commonOptions } from "./every-fault.ts";
import { defineFault } from "./define-fault.ts";
import type { FaultKind } from "./fault-kind.ts";
import { heldEnd } from "./held-end.ts";

const schema = z.object({
  ...commonOptions,
  /** How long after the last byte the end (FIN) is passed on. */
  delay: duration(),
});

export const slowCloseKind = {
  id: "slowClose",
  schema,
  on: "streams",
  because: "datagrams have no end",
  make: ({ delay }) => ({ data: (data, { clock }) => data.pipe(heldEnd(delay, clock)) }),
} satisfies FaultKind<typeof schema>;

/**
 * A peer that is slow to close: the end comes later than the last byte.
 *
 * @example slowClose({ delay: "2s" })
 */
export const slowClose = defineFault(slowCloseKind);
