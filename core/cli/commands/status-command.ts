import path from "node:path";
import { askControl } from "../../net/control/ask-control.ts";
import type { ProxyStatus } from "../../runtime/proxy/proxy-status.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { overridesText } from "../output/behind-text.ts";
import { overrideLines } from "../output/overrides.ts";
import { table } from "../output/table.ts";
import { upstreamLines } from "../output/upstreams.ts";
import { durationText } from "../output/units.ts";
import type { Terminal } from "../output/terminal.ts";
import { trialLine } from "../output/trial-text.ts";

const timeoutMs = 10_000;

/** `sluice status`: shows the state of the running proxy; with `--watch`, every second. @throws SLUICE_NOT_RUNNING */
export async function status(options: CommandOptions, output: Terminal): Promise<number> {
  const { config, json, raw } = options;
  if (raw.options["watch"] === true) return (await import("./status-watch.ts")).watchStatus(options, output);
  const answer = (await askControl(path.resolve(config), "status", timeoutMs)) as ProxyStatus;
  if (json) output.line(JSON.stringify(answer, undefined, 2));
  else for (const line of lines(answer, output)) output.line(line);
  return 0;
}

function lines(answer: ProxyStatus, { colors }: Terminal): string[] {
  const { generation, startedAt, pid, listeners, upstreams, counters, overrides, memory, trial } = answer;
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
    `generation ${generation}${overridesText(overrides.length)}, up ${durationText(Date.now() - startedAt)}, pid ${pid}, ${mebibytes} MiB of memory`,
    ...(trial === undefined ? [] : [colors.yellow(trialLine(trial, Date.now()))]),
    "",
    ...table([heading, ...rows]),
    ...(overrides.length === 0 ? [] : ["", ...overrideLines(overrides, colors)]),
    ...(upstreams.length === 0 ? [] : ["", ...upstreamLines(upstreams, colors)]),
    ...(counts.length === 0 ? [] : ["", ...table(counts)]),
  ];
}
