import { ask } from "./http-client.ts";
import { parseExposition, type MetricFamily } from "./prometheus-text.ts";
import type { AdminApi } from "./with-admin.ts";

type Families = ReadonlyMap<string, MetricFamily>;

/** Reads `/metrics` as Prometheus does. */
export async function scrape(api: AdminApi): Promise<Families> {
  const { body } = await ask(api.port, { path: "/metrics", headers: { authorization: `Bearer ${api.token}` } });
  return parseExposition(body);
}

/** The value of the first series that has these labels, and perhaps others. `name` may be a part of a histogram, as `…_count`. */
export function valueOf(families: Families, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels);
  const hasLabels = (one: MetricFamily["series"][number]): boolean => wanted.every(([label, value]) => one.labels[label] === value);
  const part = families.get(name.replace(/_(count|sum|bucket)$/, ""))?.series.find((one) => one.name === name && hasLabels(one));
  return (part ?? families.get(name)?.series.find(hasLabels))?.value;
}
