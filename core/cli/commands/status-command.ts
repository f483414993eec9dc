import path from "node:path";
import { askControl } from "../../net/control/control-socket.ts";
import type { ProxyStatus } from "../../runtime/proxy/proxy-status.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { table, type Cell } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";

const timeoutMs = 10_000;

/** `sluice status`: what the running proxy says of itself. @throws SLUICE_NOT_RUNNING */
export async function status({ config, json }: CommandOptions, output: Terminal): Promise<number> {
  const answer = (await askControl(path.resolve(config), "status", timeoutMs)) as ProxyStatus;
  if (json) output.line(JSON.stringify(answer, undefined, 2));
  else for (const line of lines(answer, output)) output.line(line);
  return 0;
}

function lines({ generation, startedAt, pid, listeners, upstreams, counters, memory }: ProxyStatus, { colors }: Terminal): string[] {
  const mebibytes = Math.round(memory / 1024 ** 2);
  const heading = ["listener", "address", "sessions", "plugins"].map((text) => ({ text, paint: colors.dim }));
  const rows = listeners.map(({ name, url, sessions, behind, plugins }) => [
    { text: name, paint: colors.bold },
    { text: url, paint: colors.cyan },
    { text: behind === 0 ? String(sessions) : `${sessions} (${behind} behind)` },
    { text: plugins.join(", ") },
  ]);
  const counts = Object.entries(counters).map(([name, value]) => [{ text: name, paint: colors.dim }, { text: String(value) }]);
  return [
    `generation ${generation}, up ${durationText(Date.now() - startedAt)}, pid ${pid}, ${mebibytes} MiB of memory`,
    "",
    ...table([heading, ...rows]),
    ...(upstreams.length === 0 ? [] : ["", ...table(upstreamRows(upstreams, colors))]),
    ...(counts.length === 0 ? [] : ["", ...table(counts)]),
  ];
}

function upstreamRows(upstreams: ProxyStatus["upstreams"], colors: Terminal["colors"]): (readonly Cell[])[] {
  const heading = ["listener", "endpoint", "state", "sessions", "failures", "why"].map((text) => ({ text, paint: colors.dim }));
  const rows = upstreams.map(({ listener, endpoint, state, sessions, failures, until, why, since, code, detail }) => [
    { text: listener, paint: colors.bold },
    { text: endpoint },
    {
      text: until === undefined ? state : `${state} for ${durationText(until - Date.now())}`,
      paint: state === "up" ? colors.green : colors.red,
    },
    { text: String(sessions) },
    { text: String(failures) },
    {
      text:
        since === undefined ? "" : `${why}: ${code}${detail === undefined ? "" : ` (${detail})`}, since ${new Date(since).toISOString()}`,
    },
  ]);
  return [heading, ...rows];
}

/** The two largest units: `2 d 3 h`, `4 min 5 s`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const units = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
