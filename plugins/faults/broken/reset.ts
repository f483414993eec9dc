import { duration, type PluginFactory, size, type Duration, type Size } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { cutAfter } from "./cut-after.ts";
import { defineFault } from "../definition/define-fault.ts";
import { endAfter } from "./end-after.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `reset()`: either `bytes` or `after`. */
export interface ResetConfig extends FaultConfig {
  /** How many bytes of a direction are delivered before both sides see a reset. */
  readonly bytes?: Size | undefined;
  /** How long data passes before both sides see a reset. */
  readonly after?: Duration | undefined;
}

const schema = z
  .object({
    ...commonOptions,
    bytes: size().optional(),
    after: duration().optional(),
  })
  .refine(({ bytes, after }) => (bytes === undefined) !== (after === undefined), { error: "expected either bytes or after" });

export const resetKind: FaultKind<typeof schema> = {
  id: "reset",
  schema,
  on: "both",
  make: ({ bytes, after = 0 }, { datagrams }) => ({
    data: (data, way) => {
      if (bytes === undefined) return data.pipe(endAfter(after, `reset: ${after} ms have passed`, { how: "reset", flush: false }, way));
      const what = `reset: ${bytes} bytes have passed`;
      return data.pipe(cutAfter({ bytes, what, ending: { how: "reset", flush: true }, datagrams }, way));
    },
  }),
};

/**
 * A peer that crashes: both sides see a reset (RST), after a number of bytes or a time.
 *
 * @example reset({ bytes: "1KiB" })
 */
export const reset: PluginFactory<ResetConfig> = defineFault(resetKind);
