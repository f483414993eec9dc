import type { Proxy } from "../../runtime/proxy/proxy.ts";
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
  ...upstreamFamilies,
  ...pluginFamilies,
  ...httpFamilies,
];

/** Those, and what plugins count by METRICS. */
export function families({ inner }: Proxy): readonly Family[] {
  const known = new Set(coreFamilies.map(({ name }) => name));
  const counters = Object.entries(inner.metrics.snapshot()).filter(([name]) => !known.has(name));
  return [
    ...coreFamilies,
    ...counters.map(([name, value]): Family => ({
      name,
      type: "counter",
      help: "Counted since the start.",
      labels: [],
      read: () => [{ value }],
    })),
  ];
}
