import type { PluginFactory } from "sluice";
import { each } from "sluice/flow";
import { z } from "zod";
import { commonOptions, share, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind, FaultedDirection } from "../definition/fault-kind.ts";

/** The options of `corrupt()`. */
export interface CorruptConfig extends FaultConfig {
  /** The share of the bytes in which one bit is flipped, 0 to 1. */
  readonly rate: number;
}

const schema = z.object({
  ...commonOptions,
  rate: share(),
});

export const corruptKind: FaultKind<typeof schema> = {
  id: "corrupt",
  schema,
  on: "both",
  make: ({ rate }) => ({
    data: (data, way) => {
      const memory = way.memory(() => ({ rate, gap: gap(rate, way) }));
      if (memory.rate !== rate) Object.assign(memory, { rate, gap: gap(rate, way) });
      return data.pipe(each((chunk) => corrupted(chunk, memory, way)));
    },
  }),
};

/** The number of correct bytes before the next flipped one. It is drawn as one number, so that the sizes of chunks do not matter. */
function gap(rate: number, { random }: FaultedDirection): number {
  if (rate === 0) return Infinity;
  // `Math.log(1 - rate)` would be 0 for a rate below 1e-16.
  return rate === 1 ? 0 : Math.floor(Math.log1p(-random()) / Math.log1p(-rate));
}

function corrupted(chunk: Buffer, memory: { rate: number; gap: number }, way: FaultedDirection): Buffer {
  if (memory.gap >= chunk.length) {
    memory.gap -= chunk.length;
    return chunk;
  }
  // Others may also have the chunk, so it must not be changed.
  const copy = Buffer.from(chunk);
  let at = memory.gap;
  for (; at < copy.length; at += 1 + gap(memory.rate, way)) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(way.random() * 8));
  memory.gap = at - copy.length;
  return copy;
}

/**
 * A bad cable: single bits are flipped.
 *
 * @example corrupt({ rate: 0.001 })
 */
export const corrupt: PluginFactory<CorruptConfig> = defineFault(corruptKind);
