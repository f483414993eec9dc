import path from "node:path";
import { askControl } from "../../net/control/ask-control.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import { behindText } from "../output/behind-text.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { stepLines } from "../output/steps.ts";
import type { Terminal } from "../output/terminal.ts";
import { trialText } from "../output/trial-text.ts";

/** A long wait: evaluating the config and the plugins' setup() may take 30 s each by default, and these limits can be raised. */
export const reloadTimeoutMs = 180_000;

/** `sluice reload`: makes the running proxy load everything again. @throws SLUICE_NOT_RUNNING, or the error that refused the reload */
export async function reload({ config, json }: CommandOptions, output: Terminal): Promise<number> {
  const report = (await askControl(path.resolve(config), "reload", reloadTimeoutMs)) as ReloadReport;
  if (json) {
    output.line(JSON.stringify(report, undefined, 2));
    return 0;
  }
  const { generation, durationMs, behind, trial } = report;
  if (trial !== undefined) output.line(`${output.colors.cyan("trying")} generation ${generation} ${trialText(trial)}`);
  else output.line(`${output.colors.green("reloaded")} generation ${generation} in ${Math.round(durationMs)} ms${behindText(behind)}`);
  for (const line of stepLines(report.steps, output)) output.line(line);
  return 0;
}
