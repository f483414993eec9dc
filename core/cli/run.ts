import { allowUnsafe } from "../config/files/safe-source.ts";
import { parseCommandLine, type CommandName, type CommandOptions } from "./arguments/command-line.ts";
import { SluiceError, type AnyErrorCode } from "../contract/errors/errors.ts";
import { createTerminal, type Terminal } from "./output/terminal.ts";

/** Runs one command; its number is the exit code. */
type Command = (options: CommandOptions, output: Terminal) => Promise<number>;

// Each command is loaded when it is used: `sluice status` needs neither the compiler nor the proxy.
const commands: Readonly<Record<CommandName, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start-command.ts")).start,
  check: async () => (await import("./commands/check-command.ts")).check,
  plan: async () => (await import("./commands/plan-command.ts")).plan,
  reload: async () => (await import("./commands/reload-command.ts")).reload,
  status: async () => (await import("./commands/status-command.ts")).status,
  forward: async () => (await import("./commands/forward-command.ts")).forward,
  trust: async () => (await import("./commands/trust-command.ts")).trust,
  toggle: async () => (await import("./commands/steer-commands.ts")).toggle,
  set: async () => (await import("./commands/steer-commands.ts")).set,
  capture: async () => (await import("./commands/capture-command.ts")).capture,
  watch: async () => (await import("./commands/watch-command.ts")).watch,
  replay: async () => (await import("./commands/replay-command.ts")).replay,
  mcp: async () => (await import("./commands/mcp-command.ts")).mcp,
  init: async () => (await import("./commands/init-command.ts")).init,
  toxiproxy: async () => (await import("./commands/toxiproxy-command.ts")).toxiproxy,
};

/** Exit codes by the code of the error; all others are 1. */
const exitCodes: Partial<Record<AnyErrorCode, number>> = { SLUICE_NOT_ANSWERING: 2 };

/**
 * The command line. Exit codes: 0 when all is well; 2 when a proxy runs and does not answer; 1 for every other error.
 *
 * @param argv without node and the script
 * @returns the exit code
 */
export async function run(argv: readonly string[]): Promise<number> {
  const output = createTerminal(process.stdout);
  let json = argv.includes("--json");
  try {
    const line = parseCommandLine(argv);
    if (line === undefined) return 0;
    ({ json } = line.options);
    // The loader of configs reads this variable, which can also be set in the environment of a service.
    if (line.options.allowUnsafe) process.env[allowUnsafe] = "1";
    const command = await commands[line.command]();
    return await command(line.options, output);
  } catch (error) {
    // It reads sources and their maps, which a command that succeeds does not need.
    const { errorReport, showError } = await import("./output/show-error.ts");
    if (json) output.line(JSON.stringify({ ok: false, error: errorReport(error) }, undefined, 2));
    else showError(error, createTerminal(process.stderr));
    return SluiceError.is(error) ? (exitCodes[error.code] ?? 1) : 1;
  }
}
