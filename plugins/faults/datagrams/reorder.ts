import type { PluginFactory } from "sluice";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { overtaken } from "./overtaken.ts";

/** The options of `reorder()`. */
export interface ReorderConfig extends FaultConfig {
  /** The share of the datagrams that others overtake, 0 to 1. */
  readonly rate: number;
  /** How many later datagrams overtake a held one. No datagram is held for longer than 100 ms. @default 1 */
  readonly by?: number | undefined;
}

const schema = z.object({
  ...commonOptions,
  rate: share(),
  by: z.int().min(1, { error: "expected at least 1 place" }).max(1000).default(1),
});

export const reorderKind: FaultKind<typeof schema> = {
  id: "reorder",
  schema,
  on: "datagrams",
  because: "TCP delivers in order",
  make: ({ rate, by }) => ({ data: (data, way) => data.pipe(overtaken(rate, by, way)) }),
};

/**
 * Datagrams out of order: some are held while later ones pass.
 *
 * @example reorder({ rate: 0.1, by: 3 })
 */
export const reorder: PluginFactory<ReorderConfig> = defineFault(reorderKind);
