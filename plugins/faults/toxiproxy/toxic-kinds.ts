import type { Direction, PluginUse } from "sluice";
import { bandwidth } from "../slow/bandwidth.ts";
import { latency } from "../slow/latency.ts";
import { limitData } from "../broken/limit-data.ts";
import { slicer } from "../slow/slicer.ts";
import { slowClose } from "../slow/slow-close.ts";
import { resetPeer } from "./reset-peer.ts";
import { toxicTimeout } from "./toxic-timeout.ts";

/** The options of a toxic's fault that do not come from its attributes. */
interface ToxicUse {
  readonly name: string;
  readonly direction: Direction;
  readonly share: number;
}

export type Attributes = Readonly<Record<string, number>>;

/** A type of toxic: its attributes with their defaults, all whole numbers, and the fault that does its work. */
export interface ToxicKind {
  readonly attributes: Attributes;
  /** It returns undefined when these attributes change nothing. */
  readonly fault: (attributes: Attributes, use: ToxicUse) => PluginUse | undefined;
}

const times = (value: number | undefined): number => Math.max(0, value ?? 0);

/** toxiproxy's toxics, in its units: milliseconds, KB (1000 bytes) per second, and microseconds for the slicer. */
export const toxicKinds: Readonly<Record<string, ToxicKind>> = {
  noop: { attributes: {}, fault: () => undefined },
  latency: {
    attributes: { latency: 0, jitter: 0 },
    fault: (given, use) => latency({ ...use, delay: times(given["latency"]), jitter: times(given["jitter"]) }),
  },
  bandwidth: {
    attributes: { rate: 0 },
    fault: (given, use) => bandwidth({ ...use, rate: times(given["rate"]) * 1000 }),
  },
  slow_close: {
    attributes: { delay: 0 },
    fault: (given, use) => slowClose({ ...use, delay: times(given["delay"]) }),
  },
  timeout: {
    attributes: { timeout: 0 },
    fault: (given, use) => toxicTimeout({ ...use, timeout: times(given["timeout"]) }),
  },
  reset_peer: {
    attributes: { timeout: 0 },
    fault: (given, use) => resetPeer({ ...use, timeout: times(given["timeout"]) }),
  },
  slicer: {
    attributes: { average_size: 0, size_variation: 0, delay: 0 },
    fault: (given, use) => {
      const size = Math.max(1, times(given["average_size"]));
      const variation = Math.min(size - 1, times(given["size_variation"]));
      return slicer({ ...use, size, variation, delay: times(given["delay"]) / 1000 });
    },
  },
  limit_data: {
    attributes: { bytes: 0 },
    fault: (given, use) => limitData({ ...use, bytes: times(given["bytes"]) }),
  },
};
