import { duration, type PluginFactory, size, type Duration, type Size } from "sluice";
import { throttleBytes } from "sluice/flow";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind, FaultedDirection } from "../definition/fault-kind.ts";
import { inSlices } from "./slices.ts";

/** The options of `slicer()`. */
export interface SlicerConfig extends FaultConfig {
  /** The average size of a slice. */
  readonly size: Size;
  /** How many bytes a slice may have more or less than `size`. It must be less than `size`. @default 0 */
  readonly variation?: Size | undefined;
  /** The pause between two slices. @default 0 */
  readonly delay?: Duration | undefined;
}

const whole = () => size().refine((bytes) => Number.isInteger(bytes), { error: "expected whole bytes" });

const schema = z
  .object({
    ...commonOptions,
    size: whole().refine((bytes) => bytes >= 1, { error: "expected at least 1 byte" }),
    variation: whole().default(0),
    delay: duration().default(0),
  })
  .refine(({ size: bytes, variation }) => variation < bytes, { path: ["variation"], error: "expected less than size" });

export const slicerKind: FaultKind<typeof schema> = {
  id: "slicer",
  schema,
  on: "streams",
  because: "a datagram is whole, or it is another one",
  make: ({ size: bytes, variation, delay }) => ({
    data: (data, way) => {
      const sliced = data.pipe(inSlices(slices(bytes, variation, way)));
      return delay === 0 ? sliced : sliced.pipe(throttleBytes(pauses(delay, way), way.clock));
    },
  }),
};

function slices(average: number, variation: number, { random }: FaultedDirection): (bytes: number) => Iterable<number> {
  return function* cut(bytes) {
    for (let left = bytes; left > 0;) {
      const slice = Math.min(left, average + Math.round((2 * random() - 1) * variation));
      yield slice;
      left -= slice;
    }
  };
}

/** The pauses before the slices: none before the first. */
function pauses(delay: number, { clock }: FaultedDirection): () => number {
  let free = 0;
  return () => {
    const now = clock.now();
    const wait = Math.max(0, free - now);
    free = now + wait + delay;
    return wait;
  };
}

/**
 * Small pieces: cuts data into slices, which shows whether a reader wrongly takes each read for a message.
 *
 * @example slicer({ size: 10, variation: 5, delay: "1ms" })
 */
export const slicer: PluginFactory<SlicerConfig> = defineFault(slicerKind);
