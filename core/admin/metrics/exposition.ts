import { Registry } from "prom-client";
import type { Family, Sample } from "./family.ts";
import type { Measured } from "./measured.ts";

/** Series at most, with the one that counts the others: writing more would block the process for too long, and no monitoring server wants so many. */
const mostSeries = 2_000;

/** The part of a metric that prom-client needs. Its own metric classes would count everything a second time. */
interface Registered {
  readonly name: string;
  readonly type: Family["type"];
  readonly help: string;
  get(): Promise<Registered & { readonly values: readonly Sample[] }>;
}

/** The proxy's metrics in Prometheus' text format, and their content type. */
export async function exposition(measured: readonly Measured[]): Promise<{ readonly text: string; readonly contentType: string }> {
  const registry = new Registry();
  let room = mostSeries - 1;
  let left = 0;
  for (const family of measured) {
    const values = fitting(family.values, room, family);
    room -= values.length;
    left += family.values.length - values.length;
    register(registry, family, values);
  }
  register(registry, leftOut, [{ value: left }]);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** The first samples, as many as there is room for. A histogram is shown whole or not at all. */
function fitting(all: readonly Sample[], room: number, { name, type }: Measured): readonly Sample[] {
  if (all.length <= room) return all;
  const first = all.slice(0, Math.max(0, room));
  return type === "histogram" ? first.slice(0, first.findLastIndex(({ metricName }) => metricName === `${name}_count`) + 1) : first;
}

const leftOut: Omit<Family, "read"> = {
  name: "sluice_series_left_out",
  type: "gauge",
  help: `Series beyond the first ${mostSeries - 1}, which are not shown.`,
  labels: [],
};

function register(registry: Registry, { name, type, help }: Omit<Family, "read">, values: readonly Sample[]): void {
  if (values.length === 0) return;
  const metric: Registered = { name, type, help, get: () => Promise.resolve({ ...metric, values }) };
  registry.registerMetric(metric as never);
}
