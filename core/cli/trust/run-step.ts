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
  // In English, so that what it says can be compared. sudo asks for a password at the terminal.
  const env = { ...process.env, LC_ALL: "C" };
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { stdio: ["inherit", "pipe", "pipe"], encoding: "utf8", env });
  if (status === 0) return undefined;
  if (error !== undefined) return error.message;
  // keytool writes errors to its standard output.
  const said = `${stderr}${stdout}`.trim();
  if (step.nothingToDo?.test(said) === true) return undefined;
  return said === "" ? `ended with ${status}` : said;
}

function commandOf({ command, needsRoot }: Step): Step["command"] | undefined {
  if (!needsRoot || isRoot()) return command;
  const sudo = findProgram("sudo");
  return sudo === undefined ? undefined : [sudo, ...command];
}
