import type { PluginFactory } from "sluice";
import { z } from "zod";
import type { ReorderConfig } from "../definition/config.ts";
import { commonOptions, share } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { overtaken } from "./overtaken.ts";

const schema = z.object({
  ...commonOptions,
  rate: share(),
  by: z.int().min(1, { error: "expected at least 1 place" }).max(1000).default(1),
});

export const reorderKind = {
  id: "reorder",
  schema,
  on: "datagrams",
  because: "TCP delivers in order",
  make: ({ rate, by }) => ({ data: (data, way) => data.pipe(overtaken(rate, by, way)) }),
} satisfies FaultKind<typeof schema>;

/**
 * Datagrams out of order: some are held while later ones pass.
 *
 * @example reorder({ rate: 0.1, by: 3 })
 */
export const reorder: PluginFactory<ReorderConfig> = defineFault(reorderKind);
