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

/** The longest time that a timer can wait, about 24 days. toxiproxy takes longer ones too. */
const LONGEST_WAIT = 2 ** 31 - 1;

const count = (value: number | undefined): number => Math.max(0, value ?? 0);
const wait = (milliseconds: number | undefined): number => Math.min(LONGEST_WAIT, count(milliseconds));

/** toxiproxy's toxics, in its units: milliseconds, KB (1000 bytes) per second, and microseconds for the slicer. */
export const toxicKinds: Readonly<Record<string, ToxicKind>> = {
  noop: { attributes: {}, fault: () => undefined },
  latency: {
    attributes: { latency: 0, jitter: 0 },
    fault: (given, use) => latency({ ...use, delay: wait(given["latency"]), jitter: wait(given["jitter"]) }),
  },
  bandwidth: {
    attributes: { rate: 0 },
    fault: (given, use) => bandwidth({ ...use, rate: count(given["rate"]) * 1000 }),
  },
  slow_close: {
    attributes: { delay: 0 },
    fault: (given, use) => slowClose({ ...use, delay: wait(given["delay"]) }),
  },
  timeout: {
    attributes: { timeout: 0 },
    fault: (given, use) => toxicTimeout({ ...use, timeout: wait(given["timeout"]) }),
  },
  reset_peer: {
    attributes: { timeout: 0 },
    fault: (given, use) => resetPeer({ ...use, timeout: wait(given["timeout"]) }),
  },
  slicer: {
    attributes: { average_size: 0, size_variation: 0, delay: 0 },
    fault: (given, use) => {
      const size = Math.max(1, count(given["average_size"]));
      const variation = Math.min(size - 1, count(given["size_variation"]));
      return slicer({ ...use, size, variation, delay: wait(count(given["delay"]) / 1000) });
    },
  },
  limit_data: {
    attributes: { bytes: 0 },
    fault: (given, use) => limitData({ ...use, bytes: count(given["bytes"]) }),
  },
};
