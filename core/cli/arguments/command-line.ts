import { createRequire } from "node:module";
import { cac } from "cac";
import type { AdminConfig } from "../../contract/config/admin.ts";
import { isLogLevel, logLevels, type LogLevel } from "../../contract/config/log-level.ts";
import { SluiceError } from "../../contract/errors/errors.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import { adminOf } from "./admin-flag.ts";
import { marked, unmarked } from "./as-typed.ts";
import { findConfig, type ConfigFile } from "./config-file.ts";
import { configOption, type CommandForm } from "./command-form.ts";
import { refuseOptions } from "./refuse-options.ts";

export interface CommandOptions {
  /** The config's file, as given. @default the `proxy.config.*` of the working directory */
  readonly config: string;
  /** Other configs in the folder that were not used, when none was named. */
  readonly passedOver: readonly string[];
  /** Load a config that other users may write. @default false */
  readonly allowUnsafe: boolean;
  /** Machine output instead of human. @default false */
  readonly json: boolean;
  /** Reload when a file of the config is saved. @default true */
  readonly watch: boolean;
  /** The admin server as `--admin` configures it; undefined without that option. */
  readonly admin?: AdminConfig;
  /** The log's level, as given. @default SLUICE_LOG_LEVEL, then the config's */
  readonly logLevel: LogLevel | undefined;
  /** All arguments, for commands with their own. */
  readonly raw: RawArguments;
}

/** The arguments as they were given. */
export interface RawArguments {
  /** Arguments that are not options. */
  readonly words: readonly string[];
  /** The options by their names in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandLine<Name extends string> {
  readonly command: Name;
  readonly options: CommandOptions;
}

type Cli = ReturnType<typeof cac>;
type Forms = Readonly<Record<string, CommandForm>>;

function createCli(commands: Forms): Cli {
  const cli = cac("sluice");
  for (const [name, { takes, summary, options }] of Object.entries(commands)) {
    const command = cli.command(`${name} ${takes}`.trimEnd(), summary);
    for (const option of options) command.option(...option);
  }
  // cac says "(default: true)" of what `--no-…` switches off, which reads as if it were off by default.
  cli.help((sections) =>
    sections.map(({ title, body }) => ({ title: title ?? "", body: body.replaceAll(/^( *--no-.*) \(default: true\)$/gm, "$1") })),
  );
  cli.version((createRequire(import.meta.url)("sluice/package.json") as { version: string }).version);
  return cli;
}

/**
 * Reads the arguments. Returns undefined after printing the help or the version.
 *
 * @param argv without node and the script
 * @param commands by name
 * @throws SLUICE_USAGE
 */
export function parseCommandLine<Commands extends Forms>(
  argv: readonly string[],
  commands: Commands,
): CommandLine<keyof Commands & string> | undefined {
  const cli = createCli(commands);
  const read = cli.parse(["node", "sluice", ...argv.map(unvalued).map(marked)], { run: false });
  const options = Object.fromEntries(Object.entries(read.options).map(([name, value]): [string, unknown] => [name, unmarked(value)]));
  const words = [...read.args, ...(read.options["--"] as string[])].map(unmarked);
  cli.args = words;
  if (options["help"] === true || (options["version"] === true && cli.matchedCommand === undefined)) return undefined;
  if (argv.length === 0) {
    cli.outputHelp();
    return undefined;
  }
  const command = cli.matchedCommand;
  if (command === undefined)
    throw unknownCommand(
      words[0],
      cli.commands.map(({ name }) => name),
    );
  refuseOptions(argv, [...cli.globalCommand.options, ...command.options], options);
  const surplus = command.args.some(({ variadic }) => variadic) ? [] : words.slice(command.args.length);
  if (surplus.length > 0) {
    const got = surplus.map((word) => JSON.stringify(word)).join(" ");
    throw new SluiceError("SLUICE_USAGE", `expected sluice ${command.rawName}, got also ${got}`);
  }
  return {
    command: command.name,
    options: {
      ...configFor(commands[command.name], options["config"], words[0]),
      raw: { words, options },
      allowUnsafe: options["allowUnsafeConfig"] === true,
      json: options["json"] === true,
      watch: options["watch"] !== false,
      logLevel: levelOf(options["logLevel"]),
      ...adminOf(options["admin"]),
    },
  };
}

/** The config that a command works with. @throws SLUICE_USAGE */
function configFor(command: CommandForm | undefined, option: unknown, word: string | undefined): ConfigFile {
  if (command?.options.includes(configOption) !== true) return { config: "proxy.config.ts", passedOver: [] };
  return configOf(typeof option === "string" ? option : undefined, command.takes === "[config]" ? word : undefined);
}

function unknownCommand(word: string | undefined, known: readonly string[]): SluiceError {
  if (word === undefined) return new SluiceError("SLUICE_USAGE", `expected a command: ${known.join(", ")}`);
  const hint = didYouMean(word, known) || `, expected one of ${known.join(", ")}`;
  return new SluiceError("SLUICE_USAGE", `unknown command ${JSON.stringify(word)}${hint}`);
}

function configOf(option: string | undefined, argument: string | undefined): ConfigFile {
  if (option !== undefined && argument !== undefined) throw new SluiceError("SLUICE_USAGE", "a config was named twice");
  const named = option ?? argument;
  return named === undefined ? findConfig() : { config: named, passedOver: [] };
}

/** @throws SLUICE_USAGE */
function levelOf(given: unknown): LogLevel | undefined {
  if (given === undefined || isLogLevel(given)) return given;
  const known = logLevels.join(", ");
  throw new SluiceError("SLUICE_USAGE", `--log-level: expected one of ${known}, got ${JSON.stringify(given)}`);
}

/** `--admin` takes its address only after "=": the next argument may be the config. */
function unvalued(argument: string): string {
  return argument === "--admin" ? "--admin=" : argument;
}
