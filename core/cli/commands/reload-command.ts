import path from "node:path";
import { askControl } from "../../net/control/control-socket.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import { behindText } from "../output/behind-text.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { stepLines } from "../output/steps.ts";
import type { Terminal } from "../output/terminal.ts";
import { trialText } from "../output/trial-text.ts";

/** Evaluating a config and the plugins' setup() have 30 s each by default, and may be given more. */
export const reloadTimeoutMs = 180_000;

/** `sluice reload`: the running proxy loads everything again. @throws SLUICE_NOT_RUNNING, or what refused the reload */
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
