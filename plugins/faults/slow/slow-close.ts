import { duration, type PluginFactory, type Duration } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { heldEnd } from "./held-end.ts";

/** The options of `slowClose()`. */
export interface SlowCloseConfig extends FaultConfig {
  /** The time from the last byte until the end (FIN) is passed on. */
  readonly delay: Duration;
}

const schema = z.object({
  ...commonOptions,
  delay: duration(),
});

export const slowCloseKind: FaultKind<typeof schema> = {
  id: "slowClose",
  schema,
  on: "streams",
  because: "datagrams have no end",
  make: ({ delay }) => ({ data: (data, { clock }) => data.pipe(heldEnd(delay, clock)) }),
};

/**
 * A peer that is slow to close: the end comes later than the last byte.
 *
 * @example slowClose({ delay: "2s" })
 */
export const slowClose: PluginFactory<SlowCloseConfig> = defineFault(slowCloseKind);
