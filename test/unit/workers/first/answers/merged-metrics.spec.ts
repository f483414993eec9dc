import { expect } from "chai";
import { Subject } from "rxjs";
import type { ProxyEvent } from "../../../../../core/contract/index.ts";
import type { Measured } from "../../../../../core/admin/metrics/measured.ts";
import { measureReloads } from "../../../../../core/admin/metrics/reload-families.ts";
import { ReloadCounts } from "../../../../../core/runtime/state/reload-counts.ts";
import { mergedMetrics } from "../../../../../core/workers/first/answers/merged-metrics.ts";

describe("the metrics of several workers", () => {
  const events = new Subject<ProxyEvent>();
  const own = { counters: { sluice_reloads_total: 2 }, startedAt: 0, reloads: new ReloadCounts(events) };
  const sessions = (value: number): Measured => ({
    name: "sluice_sessions_total",
    type: "counter",
    help: "",
    labels: ["listener"],
    values: [{ value, labels: { listener: "web" } }],
  });
  const reloaded = { type: "reloaded", origin: "config", generation: 2, durationMs: 20 } as const;

  it("have each reload once, though each worker counts it, and the sessions of all", () => {
    events.next(reloaded);
    events.next({ ...reloaded, generation: 3 });
    events.next({ type: "taken-back", generation: 4, reason: "" });
    const merged = mergedMetrics(
      [1, 4].map((count) => [sessions(count), ...measureReloads(new ReloadCounts(new Subject()))]),
      own,
    );
    const valuesOf = (name: string): unknown => merged.find((family) => family.name === name)?.values;
    expect(valuesOf("sluice_sessions_total")).to.deep.equal([{ value: 5, labels: { listener: "web" } }]);
    expect(valuesOf("sluice_config_last_reload_successful")).to.deep.equal([{ value: 0 }]);
    expect(valuesOf("sluice_reloads_total")).to.deep.equal([
      { value: 2, labels: { result: "applied" } },
      { value: 0, labels: { result: "refused" } },
      { value: 1, labels: { result: "taken-back" } },
    ]);
    expect(valuesOf("sluice_config_last_reload_success_timestamp_seconds")).to.deep.equal([{ value: own.reloads.lastOkAt / 1000 }]);
    const durations = valuesOf("sluice_reload_duration_seconds") as Measured["values"];
    expect(durations.find(({ metricName }) => metricName === "sluice_reload_duration_seconds_count")?.value).to.equal(2);
  });
});
