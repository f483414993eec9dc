import { directions } from "../../contract/index.ts";
import type { PluginMeter } from "../../flow/chain/meter.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Family, Sample } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

/** Bounds in seconds: from 1 µs to 100 ms, two to each power of ten. */
const bounds = [1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];
const labels = ["listener", "plugin", "direction"];

function eachMeter({ inner }: Proxy, read: (meter: PluginMeter) => Iterable<Sample>): Sample[] {
  return [...inner.listeners.values()].flatMap(({ name: listener, version }) =>
    version.config.uses.flatMap(({ name: plugin }) => {
      const meters = inner.state.meters.find(listener, plugin);
      if (meters === undefined) return [];
      return directions.flatMap((direction) =>
        Array.from(read(meters[direction]), (sample) => ({ ...sample, labels: { listener, plugin, direction, ...sample.labels } })),
      );
    }),
  );
}

/** The metrics for each plugin use and direction. */
export const pluginFamilies: readonly Family[] = [
  {
    name: "sluice_plugin_chunks_total",
    type: "counter",
    help: "Chunks that came to a plugin (in) and that it passed on (out).",
    labels: [...labels, "side"],
    read: (proxy) =>
      eachMeter(proxy, (meter) => [
        { value: meter.in.chunks, labels: { side: "in" } },
        { value: meter.out.chunks, labels: { side: "out" } },
      ]),
  },
  {
    name: "sluice_plugin_bytes_total",
    type: "counter",
    help: "Bytes that came to a plugin (in) and that it passed on (out).",
    labels: [...labels, "side"],
    read: (proxy) =>
      eachMeter(proxy, (meter) => [
        { value: meter.in.bytes, labels: { side: "in" } },
        { value: meter.out.bytes, labels: { side: "out" } },
      ]),
  },
  {
    name: "sluice_plugin_drops_total",
    type: "counter",
    help: "Chunks that a plugin returned null for at once.",
    labels,
    read: (proxy) => eachMeter(proxy, ({ drops }) => [{ value: drops }]),
  },
  {
    name: "sluice_plugin_duration_seconds",
    type: "histogram",
    help: "How long a plugin takes for a chunk: one in 64 is measured, and none of plain RxJS operators.",
    labels,
    read: (proxy) =>
      eachMeter(proxy, ({ durations }) =>
        histogramSamples("sluice_plugin_duration_seconds", {
          bounds,
          cumulative: bounds.map((bound) => durations.atMost(bound)),
          count: durations.count,
          sum: durations.sum,
        }),
      ),
  },
  {
    name: "sluice_plugin_errors_total",
    type: "counter",
    help: "Exceptions in a plugin's hooks, and what they cost: the session (close), or the plugin in it (bypass). Hooks without a direction have no such label.",
    labels: [...labels, "action"],
    read: ({ inner }) =>
      [...inner.listeners.values()].flatMap(({ name: listener, version, counts }) =>
        version.config.uses.flatMap(({ name: plugin, use }) => {
          const { other, ...byDirection } = counts.faults.of(plugin);
          const common = { listener, plugin, action: use.onError };
          return [
            { value: other, labels: common },
            ...directions.map((direction) => ({ value: byDirection[direction], labels: { ...common, direction } })),
          ];
        }),
      ),
  },
];
