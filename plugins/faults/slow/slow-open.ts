import { delay as delayed } from "rxjs";
import { duration, type PluginFactory, type Duration } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `slowOpen()`. */
export interface SlowOpenConfig extends FaultConfig {
  /** How long a session waits before its upstream is dialled. */
  readonly delay: Duration;
}

const schema = z.object({
  ...commonOptions,
  delay: duration(),
});

export const slowOpenKind: FaultKind<typeof schema> = {
  id: "slowOpen",
  schema,
  on: "both",
  make: ({ delay }) => ({ open: (arrival, { clock }) => arrival.pipe(delayed(delay, clock)) }),
};

/**
 * A server that is slow to accept.
 *
 * @example slowOpen({ delay: "1s" })
 */
export const slowOpen: PluginFactory<SlowOpenConfig> = defineFault(slowOpenKind);
