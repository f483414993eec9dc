import { delayBytes } from "sluice/flow";
import { duration, type PluginFactory } from "sluice";
import { z } from "zod";
import type { LatencyConfig } from "../definition/config.ts";
import { commonOptions } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import { distributions, drawn } from "./distributions.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  delay: duration(),
  jitter: duration().default(0),
  distribution: z.enum(distributions).default("uniform"),
});

export const latencyKind = {
  id: "latency",
  schema,
  on: "both",
  make: ({ delay, jitter, distribution }) => ({
    // In order, even when a later chunk has a shorter delay: reordering is another fault.
    data: (data, { clock, random }) =>
      data.pipe(delayBytes(jitter === 0 ? delay : () => Math.max(0, delay + jitter * drawn(distribution, random)), clock)),
  }),
} satisfies FaultKind<typeof schema>;

/**
 * A long line: all data comes later, in order.
 *
 * @example latency({ delay: "200ms", jitter: "50ms" })
 */
export const latency: PluginFactory<LatencyConfig> = defineFault(latencyKind);
