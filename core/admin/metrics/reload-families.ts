import type { ReloadCounts } from "../../runtime/state/reload-counts.ts";
import type { Family, Sample } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

/** A metric of reloads, which are counted once, by a proxy of one process or by the first of several. */
interface ReloadFamily extends Omit<Family, "read"> {
  readonly of: (reloads: ReloadCounts) => readonly Sample[];
}

const ofReloads: readonly ReloadFamily[] = [
  {
    name: "sluice_config_last_reload_successful",
    type: "gauge",
    help: "1, or 0 when the last config was refused or taken back.",
    labels: [],
    of: ({ lastOk }) => [{ value: Number(lastOk) }],
  },
  {
    name: "sluice_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    help: "When a config was put into force last, in seconds since the epoch.",
    labels: [],
    of: ({ lastOkAt }) => [{ value: lastOkAt / 1000 }],
  },
  {
    name: "sluice_reloads_total",
    type: "counter",
    help: "Reloads, overrides and restores that were applied, and those that were refused or taken back.",
    labels: ["result"],
    of: ({ applied, refused, takenBack }) => [
      { value: applied, labels: { result: "applied" } },
      { value: refused, labels: { result: "refused" } },
      { value: takenBack, labels: { result: "taken-back" } },
    ],
  },
  {
    name: "sluice_reload_duration_seconds",
    type: "histogram",
    help: "How long those took that were applied, until all open sessions had followed; loading the files comes before that.",
    labels: [],
    of: ({ durations }) => histogramSamples("sluice_reload_duration_seconds", durations),
  },
];

/** The metrics of reloads. */
export const reloadFamilies: readonly Family[] = ofReloads.map(({ of, ...family }) => ({
  ...family,
  read: ({ inner }) => of(inner.state.reloads),
}));

/** The metrics of reloads, of these counts. */
export function measureReloads(reloads: ReloadCounts): readonly (Omit<Family, "read"> & { readonly values: readonly Sample[] })[] {
  return ofReloads.map(({ of, ...family }) => ({ ...family, values: of(reloads) }));
}
