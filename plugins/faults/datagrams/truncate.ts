import { type PluginFactory, size, type Size } from "sluice";
import { each } from "sluice/flow";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `truncate()`. */
export interface TruncateConfig extends FaultConfig {
  /** The share of the datagrams that are cut, 0 to 1. */
  readonly rate: number;
  /** The size to which they are cut, in bytes. */
  readonly to: Size;
}

const schema = z.object({
  ...commonOptions,
  rate: share(),
  to: size(),
});

export const truncateKind: FaultKind<typeof schema> = {
  id: "truncate",
  schema,
  on: "datagrams",
  because: "on a stream limitData() cuts",
  make: ({ rate, to }) => ({
    data: (data, { random }) => data.pipe(each((datagram) => (random() < rate ? datagram.subarray(0, to) : datagram))),
  }),
};

/**
 * Cuts datagrams short.
 *
 * @example truncate({ rate: 0.05, to: 512 })
 */
export const truncate: PluginFactory<TruncateConfig> = defineFault(truncateKind);
