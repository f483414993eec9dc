import { createRequire } from "node:module";
import type { Family } from "./family.ts";

const { version } = createRequire(import.meta.url)("sluice/package.json") as { readonly version: string };

/** The metrics of the whole process. */
export const processFamilies: readonly Family[] = [
  {
    name: "sluice_build_info",
    type: "gauge",
    help: "1, with the versions of Sluice and Node.",
    labels: ["version", "node"],
    among: "max",
    read: () => [{ value: 1, labels: { version, node: process.versions.node } }],
  },
  {
    name: "sluice_start_time_seconds",
    type: "gauge",
    help: "When the proxy started, in seconds since the epoch.",
    labels: [],
    among: "min",
    read: (proxy) => [{ value: proxy.status().startedAt / 1000 }],
  },
  {
    name: "sluice_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process.",
    labels: [],
    read: () => [{ value: process.memoryUsage.rss() }],
  },
  {
    name: "sluice_generation",
    type: "gauge",
    help: "The number of the generation in force.",
    labels: [],
    among: "max",
    read: ({ generation }) => [{ value: generation }],
  },
  {
    name: "sluice_overrides",
    type: "gauge",
    help: "Plugin uses that do not do what the config says.",
    labels: [],
    among: "max",
    read: ({ steering }) => [{ value: steering.overrides.length }],
  },
  {
    name: "sluice_sessions_per_generation",
    type: "gauge",
    help: "Open sessions by the generation whose byte hooks they run.",
    labels: ["generation"],
    read({ sessions }) {
      const counts = new Map<number, number>();
      for (const { generation } of sessions) counts.set(generation, (counts.get(generation) ?? 0) + 1);
      return Array.from(counts, ([generation, value]) => ({ value, labels: { generation } }));
    },
  },
];
