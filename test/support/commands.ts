import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventOf } from "./bounded.ts";
import { commandEnvironment, nodeOptions, type CliFolder } from "./cli.ts";

/** What is to be run, and where. */
export interface CommandLine {
  readonly folder: string;
  readonly parameters: readonly string[];
}

/** How a command ended, and what it said, without the line break at the end of standard output. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Commands that end by themselves, for tests of what they say and do: they run one after the other in one process that lasts. How a process of
 * `sluice` starts, ends and is stopped is for `startCli` and `runCli`, and so is a config that leaves something open or ends the process.
 */
export class Commands {
  #process: ChildProcess | undefined;

  /** Runs a command to its end. */
  async run(folder: CliFolder, ...parameters: readonly string[]): Promise<CommandResult> {
    this.#process ??= fork(fileURLToPath(new URL("./commands-process.js", import.meta.url)), {
      env: commandEnvironment,
      execArgv: [...nodeOptions],
    });
    const line: CommandLine = { folder: folder.path, parameters };
    this.#process.send(line);
    const [result] = (await eventOf(this.#process, "message", 40_000)) as [CommandResult];
    return { ...result, stdout: result.stdout.replace(/\n$/, "") };
  }

  /** Ends the process, if there was a command. */
  end(): void {
    this.#process?.kill("SIGKILL");
  }
}
