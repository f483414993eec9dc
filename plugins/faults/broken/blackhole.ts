import type { PluginFactory } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";
import { swallow } from "./swallow.ts";

const schema = z.object({ ...commonOptions });

export const blackholeKind: FaultKind<typeof schema> = {
  id: "blackhole",
  schema,
  on: "both",
  make: (_options, { datagrams }) => ({ data: (data, way) => data.pipe(swallow(datagrams, way)) }),
};

/**
 * A network that is gone: nothing passes, neither an end nor an error.
 *
 * @example blackhole({ direction: "fromUpstream" })
 */
export const blackhole: PluginFactory<FaultConfig> = defineFault(blackholeKind);
