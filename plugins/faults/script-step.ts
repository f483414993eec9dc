import { z } from "zod";
import { type BandwidthConfig, bandwidthKind } from "./slow/bandwidth.ts";
import { blackholeKind } from "./broken/blackhole.ts";
import { type CorruptConfig, corruptKind } from "./broken/corrupt.ts";
import { type DuplicateConfig, duplicateKind } from "./datagrams/duplicate.ts";
import type { CommonOptions, FaultConfig } from "./definition/every-fault.ts";
import { type LatencyConfig, latencyKind } from "./slow/latency.ts";
import { type LimitDataConfig, limitDataKind } from "./broken/limit-data.ts";
import { type LossConfig, lossKind } from "./datagrams/loss.ts";
import { type ReorderConfig, reorderKind } from "./datagrams/reorder.ts";
import { type ResetConfig, resetKind } from "./broken/reset.ts";
import { type SlicerConfig, slicerKind } from "./slow/slicer.ts";
import { type SlowCloseConfig, slowCloseKind } from "./slow/slow-close.ts";
import { type SlowOpenConfig, slowOpenKind } from "./slow/slow-open.ts";
import { type TimeoutConfig, timeoutKind } from "./broken/timeout.ts";
import { type TruncateConfig, truncateKind } from "./datagrams/truncate.ts";

/** A step of a `script()` with faults: their options, by the fault's name. `share` and `seed` are refused there: they are options of the script. */
export interface ScriptFaults {
  /** The number of sessions that are refused; `true`: one. */
  readonly refuse?: number | true | undefined;
  /** Delayed data. */
  readonly latency?: LatencyConfig | undefined;
  /** Limited bytes per second. */
  readonly bandwidth?: BandwidthConfig | undefined;
  /** Data in small pieces. */
  readonly slicer?: SlicerConfig | undefined;
  /** Flipped bits. */
  readonly corrupt?: CorruptConfig | undefined;
  /** An end (FIN) after a number of bytes. */
  readonly limitData?: LimitDataConfig | undefined;
  /** A reset (RST) after a number of bytes or a time. */
  readonly reset?: ResetConfig | undefined;
  /** Nothing passes, and the end (FIN) comes after a time. */
  readonly timeout?: TimeoutConfig | undefined;
  /** A late end (FIN). */
  readonly slowClose?: SlowCloseConfig | undefined;
  /** Nothing passes, neither an end nor an error. */
  readonly blackhole?: FaultConfig | undefined;
  /** Lost datagrams. */
  readonly loss?: LossConfig | undefined;
  /** Datagrams that are sent twice. */
  readonly duplicate?: DuplicateConfig | undefined;
  /** Datagrams out of order. */
  readonly reorder?: ReorderConfig | undefined;
  /** Datagrams that are cut short. */
  readonly truncate?: TruncateConfig | undefined;
  /** A wait before the upstream is dialled. */
  readonly slowOpen?: SlowOpenConfig | undefined;
}

/** A step of a script: `"pass"`, or faults by name with their options. `{ refuse: 2 }` is for two sessions, every other step for one. */
export type ScriptStep = ScriptFaults | "pass";

/** The faults that a step may have, by name: the same as in {@link ScriptFaults}, as the compiler checks. */
export const kinds = {
  latency: latencyKind,
  bandwidth: bandwidthKind,
  slicer: slicerKind,
  corrupt: corruptKind,
  limitData: limitDataKind,
  reset: resetKind,
  timeout: timeoutKind,
  slowClose: slowCloseKind,
  blackhole: blackholeKind,
  loss: lossKind,
  duplicate: duplicateKind,
  reorder: reorderKind,
  truncate: truncateKind,
  slowOpen: slowOpenKind,
} satisfies Readonly<Record<Exclude<keyof ScriptFaults, "refuse">, { readonly schema: z.ZodObject }>>;

type Schemas = { readonly [Name in keyof typeof kinds]: z.ZodOptional<(typeof kinds)[Name]["schema"]> };

/** The parsed options of a step have the defaults of `share` and `seed`. */
const withoutChance = ({ share, seed }: CommonOptions): boolean => share === 1 && seed === undefined;

const schemas = Object.entries(kinds).map(
  ([name, { schema }]) =>
    [
      name,
      schema.strict().refine(withoutChance, { error: "expected no share or seed here: they are options of script()" }).optional(),
    ] as const,
);

/** The schema of a {@link ScriptStep} with faults. */
export const scriptFaults = z.strictObject({
  refuse: z.union([z.int().min(1), z.literal(true)]).optional(),
  ...(Object.fromEntries(schemas) as Schemas),
});
