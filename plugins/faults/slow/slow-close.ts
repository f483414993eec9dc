import { duration, type PluginFactory } from "sluice";
import { z } from "zod";
import type { SlowCloseConfig } from "../definition/config.ts";
import { commonOptions } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { heldEnd } from "./held-end.ts";

const schema = z.object({
  ...commonOptions,
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
export const slowClose: PluginFactory<SlowCloseConfig> = defineFault(slowCloseKind);
