import { type PluginFactory, size, type Size } from "sluice";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { cutAfter } from "./cut-after.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `limitData()`. */
export interface LimitDataConfig extends FaultConfig {
  /** How many bytes of a direction pass before the session is closed. */
  readonly bytes: Size;
}

const schema = z.object({
  ...commonOptions,
  bytes: size(),
});

export const limitDataKind: FaultKind<typeof schema> = {
  id: "limitData",
  schema,
  on: "both",
  make: ({ bytes }, { datagrams }) => ({
    data: (data, way) =>
      data.pipe(cutAfter({ bytes, what: `limitData: ${bytes} bytes have passed`, ending: { how: "fin", flush: true }, datagrams }, way)),
  }),
};

/**
 * A peer that closes in the middle: after a number of bytes, both sides see an end (FIN).
 *
 * @example limitData({ bytes: "1KiB", direction: "fromUpstream" })
 */
export const limitData: PluginFactory<LimitDataConfig> = defineFault(limitDataKind);
