import { type PluginFactory, size, type Size } from "sluice";
import { throttleBytes } from "sluice/flow";
import { z } from "zod";
import { commonOptions, type FaultConfig } from "../definition/every-fault.ts";
import { defineFault } from "../definition/define-fault.ts";
import type { FaultKind, FaultedDirection } from "../definition/fault-kind.ts";
import { inSlices } from "./slices.ts";

/** The longest time that one piece takes on the line, so that data comes in small steps on a slow line, as in toxiproxy. */
const PIECE_MS = 100;
/** How late a timer may be before the line counts the delay as idle time. */
const LATE_MS = 50;

const rate = z.preprocess((value) => (typeof value === "string" ? value.replace(/\/s$/, "") : value), size()) as z.ZodType<number, Size>;

/** The options of `bandwidth()`. */
export interface BandwidthConfig extends FaultConfig {
  /** Bytes per second, for each session and direction: `"64KiB/s"`, `"64KiB"` or a number. 0: nothing passes. */
  readonly rate: Size;
}

const schema = z.object({
  ...commonOptions,
  rate,
});

export const bandwidthKind: FaultKind<typeof schema> = {
  id: "bandwidth",
  schema,
  on: "both",
  make: ({ rate: perSecond }, { datagrams }) => ({
    data: (data, way) => {
      const throttled = throttleBytes(line(perSecond, way), way.clock);
      return datagrams || perSecond === 0 ? data.pipe(throttled) : data.pipe(inSlices(pieces(perSecond)), throttled);
    },
  }),
};

/** A function that returns the milliseconds until a piece has been sent. Pieces go one after the other; slightly late timers cost no time. */
function line(perSecond: number, { clock }: FaultedDirection): (bytes: number) => number {
  // An empty datagram takes no time on any other line.
  if (perSecond === 0) return () => Infinity;
  let free = 0;
  return (bytes) => {
    const now = clock.now();
    free = (free < now - LATE_MS ? now : free) + (bytes * 1000) / perSecond;
    return Math.max(0, free - now);
  };
}

function pieces(perSecond: number): (bytes: number) => Iterable<number> {
  const most = Math.max(1, Math.floor((perSecond * PIECE_MS) / 1000));
  return (bytes) => Array.from({ length: Math.ceil(bytes / most) }, () => most);
}

/**
 * A narrow line: limits the bytes per second of each session and direction. Meanwhile the sender is paused.
 *
 * @example bandwidth({ rate: "64KiB/s" })
 */
export const bandwidth: PluginFactory<BandwidthConfig> = defineFault(bandwidthKind);
