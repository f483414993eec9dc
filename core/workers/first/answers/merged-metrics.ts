import type { Sample } from "../../../admin/metrics/family.ts";
import type { Measured } from "../../../admin/metrics/measured.ts";
import { measureReloads } from "../../../admin/metrics/reload-families.ts";
import type { ReloadCounts } from "../../../runtime/state/reload-counts.ts";

/** Counts that the first process keeps itself, for all. */
export interface OwnCounts {
  readonly counters: Readonly<Record<string, number>>;
  readonly startedAt: number;
  readonly reloads: ReloadCounts;
}

/** The metrics of several workers together. */
export function mergedFamilies(all: readonly (readonly Measured[])[]): readonly Measured[] {
  const families = new Map<string, Measured>();
  for (const family of all.flat()) {
    const known = families.get(family.name);
    families.set(family.name, known === undefined ? family : { ...known, values: merged(known.values, family) });
  }
  return [...families.values()];
}

/**
 * The metrics of all workers together, as of one proxy.
 *
 * @param past what was counted by workers that do not answer: it is added to series of those that do
 */
export function mergedMetrics(
  all: readonly (readonly Measured[])[],
  { counters, startedAt, reloads }: OwnCounts,
  past: readonly Measured[] = [],
): readonly Measured[] {
  const families = new Map(mergedFamilies(all).map((family) => [family.name, family]));
  const set = (name: string, change: (values: readonly Sample[]) => readonly Sample[]): void => {
    const family = families.get(name);
    if (family !== undefined) families.set(name, { ...family, values: change(family.values) });
  };
  for (const { name, values: before } of past) set(name, (values) => grown(values, before));
  for (const [name, value] of Object.entries(counters)) set(name, () => [{ value }]);
  // Each worker counts a reload too, so that a sum would be a multiple, and a gauge no longer 0 or 1.
  for (const { name, values } of measureReloads(reloads)) set(name, () => values);
  set("sluice_start_time_seconds", () => [{ value: startedAt / 1000 }]);
  set("sluice_memory_bytes", (values) => values.map(({ value }) => ({ value: value + process.memoryUsage.rss() })));
  return [...families.values()];
}

function merged(known: readonly Sample[], { among = "sum", values }: Measured): readonly Sample[] {
  const series = new Map(known.map((sample) => [keyOf(sample), sample]));
  for (const sample of values) {
    const before = series.get(keyOf(sample));
    series.set(keyOf(sample), before === undefined ? sample : { ...sample, value: together(before.value, sample.value, among) });
  }
  return [...series.values()];
}

function grown(values: readonly Sample[], past: readonly Sample[]): readonly Sample[] {
  const before = new Map(past.map((sample) => [keyOf(sample), sample.value]));
  return values.map((sample) => ({ ...sample, value: sample.value + (before.get(keyOf(sample)) ?? 0) }));
}

function together(a: number, b: number, among: "sum" | "max" | "min"): number {
  if (among === "sum") return a + b;
  return among === "max" ? Math.max(a, b) : Math.min(a, b);
}

/** The name and the labels of a series. */
export function keyOf({ metricName = "", labels = {} }: Sample): string {
  return JSON.stringify([metricName, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
