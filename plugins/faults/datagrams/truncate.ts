import { type PluginFactory, size } from "sluice";
import { each } from "sluice/flow";
import { z } from "zod";
import type { TruncateConfig } from "../definition/config.ts";
import { commonOptions, share } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  rate: share(),
  to: size(),
});

export const truncateKind = {
  id: "truncate",
  schema,
  on: "datagrams",
  because: "on a stream limitData() cuts",
  make: ({ rate, to }) => ({
    data: (data, { random }) => data.pipe(each((datagram) => (random() < rate ? datagram.subarray(0, to) : datagram))),
  }),
} satisfies FaultKind<typeof schema>;

/**
 * Cuts datagrams short.
 *
 * @example truncate({ rate: 0.05, to: 512 })
 */
export const truncate: PluginFactory<TruncateConfig> = defineFault(truncateKind);
