import { map } from "rxjs";
import { type PluginFactory, SluiceError } from "sluice";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind, FaultHooks, FaultedDirection } from "../definition/fault-kind.ts";

/** The options of `refuse()`: either `first` or `rate`. */
export interface RefuseConfig extends FaultConfig {
  /** How many sessions are refused at the beginning; all later ones are served. */
  readonly first?: number | undefined;
  /** The share of the sessions that are refused, 0 to 1. */
  readonly rate?: number | undefined;
}

const schema = z
  .object({
    ...commonOptions,
    first: z.int().min(0).optional(),
    rate: share().optional(),
  })
  .refine(({ first, rate }) => (first === undefined) !== (rate === undefined), { error: "expected either first or rate" });

/** Refuses a session as if its upstream refused: its connection is accepted already, and is closed. */
export const refusal: FaultHooks = {
  open: (arrival) =>
    arrival.pipe(
      map(() => {
        throw new SluiceError("SLUICE_FAULT", "refuse: this session is refused");
      }),
    ),
};

const refuseKind = {
  id: "refuse",
  schema,
  on: "both",
  series: ({ first }) => String(first),
  make: ({ first, rate }) => {
    const isRefused = ({ earlier, random }: FaultedDirection): boolean =>
      rate === undefined ? (earlier ?? 0) < (first ?? 0) : random() < rate;
    return { open: (arrival, way) => (isRefused(way) ? (refusal.open?.(arrival, way) ?? arrival) : arrival) };
  },
} satisfies FaultKind<typeof schema>;

/**
 * A server that is down: sessions are closed before anything is read, and the upstream is not dialled.
 *
 * @example refuse({ first: 2 })
 */
export const refuse: PluginFactory<RefuseConfig> = defineFault(refuseKind);
