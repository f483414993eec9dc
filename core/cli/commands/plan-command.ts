import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import { addressText } from "../../contract/config/listen-address.ts";
import { askControl } from "../../net/control/ask-control.ts";
import type { ReloadPlan } from "../../runtime/generation/reload-plan.ts";
import { reloadTimeoutMs } from "./reload-command.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { stepLines } from "../output/steps.ts";
import type { Terminal } from "../output/terminal.ts";
import { trialLine } from "../output/trial-text.ts";

/**
 * `sluice plan`: shows what a reload with the config on disk would change in the running proxy, or what a start would do. @throws the errors of the
 * config
 */
export async function plan({ config, json }: CommandOptions, output: Terminal): Promise<number> {
  const file = path.resolve(config);
  const running = await ask(file);
  const { steps, trial } = running ?? (await startPlan(file));
  if (json) output.line(JSON.stringify({ running: running !== undefined, steps, trial }, undefined, 2));
  else {
    if (trial !== undefined) output.line(output.colors.yellow(trialLine(trial, Date.now())));
    output.line(running === undefined ? "no proxy runs with this config: a start would" : "a save would");
    for (const line of stepLines(steps, output)) output.line(line);
    if (running !== undefined && steps.some(({ action }) => action === "keep"))
      output.line(output.colors.dim("SIGHUP and `sluice reload` rebuild every pipeline, also one that a save keeps"));
  }
  return 0;
}

async function ask(file: string): Promise<ReloadPlan | undefined> {
  try {
    return (await askControl(file, "plan", reloadTimeoutMs)) as ReloadPlan;
  } catch (error) {
    if (SluiceError.is(error) && error.code === "SLUICE_NOT_RUNNING") return undefined;
    throw error;
  }
}

async function startPlan(file: string): Promise<ReloadPlan> {
  const { checkConfig } = await import("../../runtime/proxy/check.ts");
  const { config } = await checkConfig(file);
  return {
    steps: config.listeners.map(({ name, address }) => ({
      listener: name,
      action: "bind",
      detail: `binds ${addressText(address)}`,
      sessions: 0,
    })),
  };
}
