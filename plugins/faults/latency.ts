import { delayBytes } from "sluice/flow";
import { duration } from "sluice";
import { z } from "zod";
import { commonOptions } from "./every-fault.ts";
import { defineFault } from "./define-fault.ts";
import { distributions, drawn } from "./distributions.ts";
import type { FaultKind } from "./fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  /** How late everything is, each way that the fault works. */
  delay: duration(),
  /** How much the delay varies: the most of it with `uniform`, its standard deviation with `normal`, its scale with `pareto`. */
  jitter: duration().default(0),
  /** How the delay varies: evenly around it, by the bell curve, or by the long tail of a busy network, which only adds. */
  distribution: z.enum(distributions).default("uniform"),
});

export const latencyKind = {
  id: "latency",
  schema,
  on: "both",
  make: ({ delay, jitter, distribution }) => ({
    // In order, also where a later chunk drew less: reordering is a fault of its own.
    data: (data, { clock, random }) =>
      data.pipe(delayBytes(jitter === 0 ? delay : () => Math.max(0, delay + jitter * drawn(distribution, random)), clock)),
  }),
} satisfies FaultKind<typeof schema>;

/**
 * A long line: everything comes later, in order.
 *
 * @example latency({ delay: "200ms", jitter: "50ms" })
 */
export const latency = defineFault(latencyKind);
