import type { PluginFactory } from "sluice";
import { concatMap, of } from "rxjs";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind } from "../definition/fault-kind.ts";

/** The options of `duplicate()`. */
export interface DuplicateConfig extends FaultConfig {
  /** The share of the datagrams that are sent twice, 0 to 1. */
  readonly rate: number;
}

const schema = z.object({
  ...commonOptions,
  rate: share(),
});

export const duplicateKind: FaultKind<typeof schema> = {
  id: "duplicate",
  schema,
  on: "datagrams",
  because: "TCP delivers each byte once",
  make: ({ rate }) => ({
    data: (data, { random }) => data.pipe(concatMap((datagram) => (random() < rate ? of(datagram, datagram) : of(datagram)))),
  }),
};

/**
 * Sends some datagrams twice.
 *
 * @example duplicate({ rate: 0.01 })
 */
export const duplicate: PluginFactory<DuplicateConfig> = defineFault(duplicateKind);
