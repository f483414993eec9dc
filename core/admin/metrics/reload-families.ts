import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { ReloadCounts } from "../../runtime/state/reload-counts.ts";
import type { Family } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

const reloadsOf = ({ inner }: Proxy): ReloadCounts => inner.state.reloads;

/** The metrics of reloads. */
export const reloadFamilies: readonly Family[] = [
  {
    name: "sluice_config_last_reload_successful",
    type: "gauge",
    help: "1, or 0 when the last config was refused or taken back.",
    labels: [],
    read: (proxy) => [{ value: Number(reloadsOf(proxy).lastOk) }],
  },
  {
    name: "sluice_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    help: "When a config was put into force last, in seconds since the epoch.",
    labels: [],
    read: (proxy) => [{ value: reloadsOf(proxy).lastOkAt / 1000 }],
  },
  {
    name: "sluice_reloads_total",
    type: "counter",
    help: "Reloads, overrides and restores that were applied, and those that were refused or taken back.",
    labels: ["result"],
    read(proxy) {
      const { applied, refused, takenBack } = reloadsOf(proxy);
      return [
        { value: applied, labels: { result: "applied" } },
        { value: refused, labels: { result: "refused" } },
        { value: takenBack, labels: { result: "taken-back" } },
      ];
    },
  },
  {
    name: "sluice_reload_duration_seconds",
    type: "histogram",
    help: "How long those took that were applied, until all open sessions had followed; loading the files comes before that.",
    labels: [],
    read: (proxy) => histogramSamples("sluice_reload_duration_seconds", reloadsOf(proxy).durations),
  },
];
