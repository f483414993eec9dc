import type { PluginFactory } from "sluice";
import { filter } from "rxjs";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { lossOf } from "./lossy.ts";

/** The options of `loss()`. */
export interface LossConfig extends FaultConfig {
  /** The share of the datagrams that are lost, 0 to 1. */
  readonly rate: number;
  /** The average number of datagrams that are lost one after the other, 1 or more. @default each datagram is drawn on its own */
  readonly burst?: number | undefined;
}

const schema = z
  .object({
    ...commonOptions,
    rate: share(),
    burst: z.number().min(1, { error: "expected at least 1 datagram" }).optional(),
  })
  .refine(({ rate, burst }) => burst === undefined || rate === 1 || rate <= burst / (1 + burst), {
    path: ["burst"],
    error: "expected a longer burst: at such a rate losses follow each other anyway, at least rate / (1 - rate) on average",
  });

export const lossKind: FaultKind<typeof schema> = {
  id: "loss",
  schema,
  on: "datagrams",
  because: 'TCP sends again what was lost, so that a stream only sees it late: latency() or network("lossy")',
  make: ({ rate, burst }) => ({
    data: (data, way) => {
      const isLost = lossOf(rate, burst, way);
      return data.pipe(filter(() => !isLost()));
    },
  }),
};

/**
 * Loses datagrams, each on its own or in bursts.
 *
 * @example loss({ rate: 0.05, burst: 3 })
 */
export const loss: PluginFactory<LossConfig> = defineFault(lossKind);
