import type { Sample } from "./family.ts";

/** A histogram: its bounds, and for each bound how many values were at most as large. */
interface Counted {
  readonly bounds: readonly number[];
  readonly cumulative: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** The lines of a histogram in Prometheus' form. */
export function histogramSamples(name: string, { bounds, cumulative, count, sum }: Counted): readonly Sample[] {
  const buckets = bounds.map((le, at) => ({ value: cumulative[at] ?? 0, labels: { le }, metricName: `${name}_bucket` }));
  return [
    ...buckets,
    { value: count, labels: { le: "+Inf" }, metricName: `${name}_bucket` },
    { value: sum, metricName: `${name}_sum` },
    { value: count, metricName: `${name}_count` },
  ];
}
