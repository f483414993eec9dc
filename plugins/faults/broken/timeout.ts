import { duration, type PluginFactory, type Duration } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import { endAfter } from "./end-after.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { swallow } from "./swallow.ts";

/** The options of `timeout()`. */
export interface TimeoutConfig extends FaultConfig {
  /** How long nothing passes before both sides see the end (FIN). */
  readonly after: Duration;
}

const schema = z.object({
  ...commonOptions,
  after: duration(),
});

export const timeoutKind: FaultKind<typeof schema> = {
  id: "timeout",
  schema,
  on: "both",
  make: ({ after }, { datagrams }) => ({
    data: (data, way) =>
      data.pipe(swallow(datagrams, way), endAfter(after, `timeout: ${after} ms have passed`, { how: "fin", flush: true }, way)),
  }),
};

/**
 * A peer that hangs until it is given up: nothing passes, and after a time both sides see the end.
 *
 * @example timeout({ after: "5s" })
 */
export const timeout: PluginFactory<TimeoutConfig> = defineFault(timeoutKind);
