import { SluiceError, type PluginUse } from "sluice";
import { bandwidth } from "./slow/bandwidth.ts";
import { latency } from "./slow/latency.ts";
import { lineLoss } from "./line-loss.ts";

interface Line {
  /** Milliseconds in each direction, half of a round trip. */
  readonly delay: number;
  readonly jitter: number;
  /** Bytes per second. */
  readonly up: number;
  readonly down: number;
  /** The share of packets that are lost in each direction. */
  readonly loss: number;
}

const mbit = (millions: number): number => (millions * 1_000_000) / 8;

/** Typical values: 3g and 4g are profiles of WebPageTest; the delay of `satellite` is the distance of a geostationary orbit at the speed of light. */
const lines = {
  "3g": { delay: 150, jitter: 20, up: mbit(0.768), down: mbit(1.6), loss: 0 },
  "4g": { delay: 85, jitter: 15, up: mbit(9), down: mbit(9), loss: 0 },
  wifi: { delay: 2, jitter: 2, up: mbit(15), down: mbit(30), loss: 0.002 },
  satellite: { delay: 300, jitter: 10, up: mbit(3), down: mbit(20), loss: 0.005 },
  lossy: { delay: 25, jitter: 15, up: mbit(10), down: mbit(10), loss: 0.05 },
} as const satisfies Record<string, Line>;

/** The presets of {@link network}. */
export type NetworkName = keyof typeof lines;

/** The options of {@link network} after the preset. They apply to all of its faults. */
export interface NetworkOptions {
  /** The share of the sessions that have such a network, 0 to 1. @default 1 */
  readonly share?: number;
  /** The same seed makes the same random choices. */
  readonly seed?: number | string;
  /** `false` switches its faults off, but leaves them in the config. @default true */
  readonly enabled?: boolean;
  /** The beginning of the names of its faults, for example with "train": `train-latency`, `train-upload`, `train-download`, `train-loss`. @default the preset's */
  readonly name?: string;
}

/**
 * A typical network, made of several faults. It is an array: `plugins` accepts arrays inside arrays.
 *
 * @example plugins: [network("3g"), logging()]
 * @throws SLUICE_PLUGIN_ARGUMENT for an unknown preset
 */
export function network(preset: NetworkName, options: NetworkOptions = {}): readonly PluginUse[] {
  if (!Object.hasOwn(lines, preset))
    throw new SluiceError(
      "SLUICE_PLUGIN_ARGUMENT",
      `network(preset): expected one of ${Object.keys(lines).join(", ")}, got ${JSON.stringify(preset)}`,
    );
  const { delay, jitter, up, down, loss }: Line = lines[preset];
  const { name = preset, ...shared } = options;
  const uses = [
    bandwidth({ ...shared, name: `${name}-upload`, direction: "fromClient", rate: up }),
    bandwidth({ ...shared, name: `${name}-download`, direction: "fromUpstream", rate: down }),
    latency({ ...shared, name: `${name}-latency`, delay, jitter, distribution: "normal" }),
  ];
  return loss === 0 ? uses : [...uses, lineLoss({ ...shared, name: `${name}-loss`, rate: loss })];
}
