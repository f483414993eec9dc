import { spawnSync } from "node:child_process";
import { findProgram } from "./find-program.ts";
import type { Step } from "./store.ts";

const isRoot = (): boolean => process.getuid?.() === 0;

/** The command as a person would type it. */
export function typed({ command, needsRoot }: Step): string {
  const words = needsRoot && !isRoot() ? ["sudo", ...command] : command;
  return words.map((word) => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/** Runs a step, with sudo if it needs root. @returns why it failed; undefined when it did not */
export function runStep(step: Step): string | undefined {
  const command = commandOf(step);
  if (command === undefined) return "it needs root, and sudo is not installed";
  const [program, ...parameters] = command;
  // sudo asks for a password at the terminal.
  const { status, stderr, error } = spawnSync(program, parameters, { stdio: ["inherit", "ignore", "pipe"], encoding: "utf8" });
  if (status === 0 || (step.mayFail === true && status !== null)) return undefined;
  return error?.message ?? (stderr.trim() === "" ? `ended with ${status}` : stderr.trim());
}

function commandOf({ command, needsRoot }: Step): Step["command"] | undefined {
  if (!needsRoot || isRoot()) return command;
  const sudo = findProgram("sudo");
  return sudo === undefined ? undefined : [sudo, ...command];
}
