import { SluiceError, type PluginUse } from "sluice";
import { bandwidth } from "./bandwidth.ts";
import { latency } from "./latency.ts";
import { lineLoss } from "./line-loss.ts";

interface Line {
  /** Milliseconds each way, so half of a round trip. */
  readonly delay: number;
  readonly jitter: number;
  /** Bytes a second. */
  readonly up: number;
  readonly down: number;
  /** The share of packets lost each way. */
  readonly loss: number;
}

const mbit = (millions: number): number => (millions * 1_000_000) / 8;

/** What such lines are like: WebPageTest's profiles for 3g and 4g, a geostationary satellite's way of light. */
const lines = {
  "3g": { delay: 150, jitter: 20, up: mbit(0.768), down: mbit(1.6), loss: 0 },
  "4g": { delay: 85, jitter: 15, up: mbit(9), down: mbit(9), loss: 0 },
  wifi: { delay: 2, jitter: 2, up: mbit(15), down: mbit(30), loss: 0.002 },
  satellite: { delay: 300, jitter: 10, up: mbit(3), down: mbit(20), loss: 0.005 },
  lossy: { delay: 25, jitter: 15, up: mbit(10), down: mbit(10), loss: 0.05 },
} as const satisfies Record<string, Line>;

/** The presets of {@link network}. */
export type NetworkName = keyof typeof lines;

/** What {@link network} takes beside the preset; it holds for all of its faults. */
export interface NetworkOptions {
  /** The share of the sessions that have such a network, 0 to 1. @default 1 */
  readonly share?: number;
  /** The same seed gives the same run. */
  readonly seed?: number | string;
  /** Whether it is there at all: `false` leaves the faults in the config, switched off. @default true */
  readonly enabled?: boolean;
  /** What the names of its faults begin with: `train-latency`, `train-upload`, `train-download`, `train-loss`. @default the preset's */
  readonly name?: string;
}

/**
 * A network as there are many, made of several faults. It is an array: `plugins` takes arrays inside arrays.
 *
 * @example plugins: [network("3g"), logging()]
 * @throws SLUICE_PLUGIN_ARGUMENT for a preset that there is not
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
