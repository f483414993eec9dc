import { delayBytes } from "sluice/flow";
import { duration, type PluginFactory, type Duration } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import { distributions, drawn } from "./distributions.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `latency()`. */
export interface LatencyConfig extends FaultConfig {
  /** The delay of all data, in each direction of the fault. */
  readonly delay: Duration;
  /** How much the delay varies: the largest difference with `uniform`, the standard deviation with `normal`, the scale with `pareto`. @default 0 */
  readonly jitter?: Duration | undefined;
  /** How the delay varies: evenly around it, by the bell curve, or with the long tail of a busy network, which only adds to it. @default "uniform" */
  readonly distribution?: "uniform" | "normal" | "pareto" | undefined;
}

const schema = z.object({
  ...commonOptions,
  delay: duration(),
  jitter: duration().default(0),
  distribution: z.enum(distributions).default("uniform"),
});

export const latencyKind: FaultKind<typeof schema> = {
  id: "latency",
  schema,
  on: "both",
  make: ({ delay, jitter, distribution }) => ({
    // In order, even when a later chunk has a shorter delay: reordering is another fault.
    data: (data, { clock, random }) =>
      data.pipe(delayBytes(jitter === 0 ? delay : () => Math.max(0, delay + jitter * drawn(distribution, random)), clock)),
  }),
};

/**
 * A long line: all data comes later, in order.
 *
 * @example latency({ delay: "200ms", jitter: "50ms" })
 */
export const latency: PluginFactory<LatencyConfig> = defineFault(latencyKind);
