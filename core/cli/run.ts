import { allowUnsafe } from "../config/files/safe-source.ts";
import { checkAdmin } from "./arguments/admin-flag.ts";
import { parseCommandLine } from "./arguments/command-line.ts";
import { commands } from "./commands/table.ts";
import { SluiceError, type AnyErrorCode } from "../contract/errors/errors.ts";
import { createTerminal } from "./output/terminal.ts";

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
    const line = parseCommandLine(argv, commands);
    if (line === undefined) return 0;
    ({ json } = line.options);
    if (line.options.admin !== undefined) await checkAdmin(line.options.admin);
    // The loader of configs reads this variable, which can also be set in the environment of a service.
    if (line.options.allowUnsafe) process.env[allowUnsafe] = "1";
    const command = await commands[line.command].load();
    return await command(line.options, output);
  } catch (error) {
    // It reads sources and their maps, which a command that succeeds does not need.
    const { errorReport, showError } = await import("./output/show-error.ts");
    if (json) output.line(JSON.stringify({ ok: false, error: errorReport(error) }, undefined, 2));
    else showError(error, createTerminal(process.stderr));
    return SluiceError.is(error) ? (exitCodes[error.code] ?? 1) : 1;
  }
}
