import type { MetricSeries } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { certificateFamilies } from "./certificate-families.ts";
import type { Family } from "./family.ts";
import { httpFamilies } from "./http-families.ts";
import { listenerFamilies } from "./listener-families.ts";
import { pluginFamilies } from "./plugin-families.ts";
import { processFamilies } from "./process-families.ts";
import { reloadFamilies } from "./reload-families.ts";
import { upstreamFamilies } from "./upstream-families.ts";

/** The metrics of the core; docs/metrics.md lists them, and a test compares. */
export const coreFamilies: readonly Family[] = [
  ...processFamilies,
  ...reloadFamilies,
  ...listenerFamilies,
  ...certificateFamilies,
  ...upstreamFamilies,
  ...pluginFamilies,
  ...httpFamilies,
];

/** Counters of `status` that a metric of the core has as a label: `sluice_reloads_total{result="refused"}`. */
const COUNTED_ELSEWHERE = ["sluice_reloads_refused_total"];

/** The metrics of the core, and those that plugins count with METRICS. */
export function families({ inner }: Proxy): readonly Family[] {
  const known = new Set([...coreFamilies.map(({ name }) => name), ...COUNTED_ELSEWHERE]);
  const own = new Map<string, MetricSeries[]>();
  for (const series of inner.metrics.series()) {
    if (known.has(series.name)) continue;
    own.set(series.name, [...(own.get(series.name) ?? []), series]);
  }
  return [...coreFamilies, ...Array.from(own.values(), ofPlugins)];
}

function ofPlugins(series: readonly MetricSeries[]): Family {
  const [{ name, type, labels }] = series as [MetricSeries];
  const help = type === "counter" ? "Counted by plugins since the start." : "Set by plugins.";
  return { name, type, help, labels: Object.keys(labels), read: () => series };
}
