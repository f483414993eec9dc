import { createRequire } from "node:module";
import { cac } from "cac";
import { isLogLevel, logLevels, SluiceError, type AdminConfig, type LogLevel } from "../../contract/index.ts";
import { didYouMean, nearest } from "../../contract/options/nearest.ts";
import { findConfig, type ConfigFile } from "./config-file.ts";
import { forwardFlags } from "./forward-flags.ts";

/** What can stand after `sluice`. */
export type CommandName =
  | "start"
  | "check"
  | "plan"
  | "reload"
  | "status"
  | "forward"
  | "trust"
  | "init"
  | "toxiproxy"
  | "toggle"
  | "set"
  | "watch"
  | "capture"
  | "replay"
  | "mcp";

export interface CommandOptions {
  /** The config's file, as given. @default the `proxy.config.*` of the working directory */
  readonly config: string;
  /** Configs beside it that were not taken, where none was named. */
  readonly passedOver: readonly string[];
  /** Load a config that others may write. @default false */
  readonly allowUnsafe: boolean;
  /** Machine output instead of human. @default false */
  readonly json: boolean;
  /** Reload when a file of the config is saved. @default true */
  readonly watch: boolean;
  /** The admin server, on, with what `--admin` says of it. */
  readonly admin?: AdminConfig;
  /** The log's level, as given. @default SLUICE_LOG_LEVEL, then the config's */
  readonly logLevel: LogLevel | undefined;
  /** Of a command that takes no config. */
  readonly raw: RawArguments;
}

/** What was given, as it was given. */
export interface RawArguments {
  /** Beside the options. */
  readonly words: readonly string[];
  /** By their names in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandLine {
  readonly command: CommandName;
  readonly options: CommandOptions;
}

const configOption = ["-c, --config <file>", "The config file (default: proxy.config.ts, or .mts, .cts, .js, .mjs, .cjs, .json)"] as const;
const unsafeOption = ["--allow-unsafe-config", "Load a config that others may write, where the file system knows no modes"] as const;
const adminOption = ["--admin [address]", "Turn the admin server on, at host:port, tcp://… or unix://… (default: 127.0.0.1:9900)"] as const;
const logLevelOption = ["--log-level <level>", "What is logged: trace, debug, info, warn, error, fatal or silent"] as const;
const jsonOption = ["--json", "Print JSON for machines"] as const;

/** Commands that steer the proxy of a config, which is named by -c alone: their arguments are something else. */
const steers: ReadonlySet<string> = new Set(["toggle", "set", "watch", "replay", "capture"]);

function createCli() {
  const cli = cac("sluice");
  cli
    .command("start [config]", "Start the proxy, and reload it whenever a file of its config is saved")
    .option(...configOption)
    .option(...unsafeOption)
    .option("--no-watch", "Reload only on SIGHUP and `sluice reload`")
    .option(...adminOption)
    .option(...logLevelOption);
  cli
    .command("check [config]", "Load and validate the config and set its plugins up, binding nothing; exit code 0 or 1")
    .option(...configOption)
    .option(...unsafeOption)
    .option(...jsonOption);
  cli
    .command("plan [config]", "Show what a save would keep, swap, drain, close and bind")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("reload [config]", "Make the running proxy load everything again")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("status [config]", "Show the running proxy: listeners, sessions, counters")
    .option(...configOption)
    .option("--watch", "Show what it carries, each second, until Ctrl-C")
    .option(...jsonOption);
  const forward = cli
    .command("forward <listen> [upstream]", "Forward a port, with plugins by option and without a config")
    .option("--print", "Print the config that it stands for, and do nothing else")
    .option("--write", "Save it as proxy.config.ts, and go on with that")
    .option(...adminOption)
    .option(...logLevelOption);
  for (const { name, value, help } of forwardFlags) forward.option(`--${name}${value}`, help);
  cli
    .command("trust", "Make system, browsers and Java trust the local CA of this user")
    .option("--remove", "Take it out of them")
    .option("--print", "Print what would be done, and do nothing")
    .option("--stores <names>", "Some of system, nss and java (default: all)");
  cli
    .command("toggle <plugin> [...state]", "Switch a plugin of the running proxy, LISTENER/PLUGIN, on or off, on open connections too")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("set <plugin> [...options]", "Change options of a plugin of the running proxy: LISTENER/PLUGIN option=value …")
    .option(...configOption)
    .option(...jsonOption);
  addAuthorCommands(cli);
  addWatchCommands(cli);
  cli.help();
  cli.version((createRequire(import.meta.url)("sluice/package.json") as { version: string }).version);
  return cli;
}

/** For those who write plugins and tests. */
function addAuthorCommands(cli: ReturnType<typeof cac>): void {
  cli
    .command("init", "Write a config, a first plugin and its test into this folder")
    .option("--plugin <name>", "The plugin's name; in a folder that has a config, add one plugin with its test")
    .option("--template <template>", "What the plugin works on: byte, http, faults or codec (default: byte)")
    .option("--no-interactive", "Ask nothing");
  cli
    .command("replay <...files>", "Play recordings to a server, or through a listener's plugins; exit code 1 when something differs")
    .option("--to <address>", "Play the client to this server: host:port, tcp://…, tls://…, udp://… or unix:///path")
    .option("--through <listener>", "Run the bytes through this listener's plugins, without a socket and in virtual time")
    .option("--timing <timing>", "With --to: none, recorded, or a number that stretches the recorded times (default: none)")
    .option(...configOption)
    .option(...unsafeOption)
    .option(...jsonOption);
  cli
    .command("toxiproxy", "Serve toxiproxy's HTTP API, for its clients in every language")
    .option("--port <port>", "Where the API listens (default: 8474; 0: a free one)")
    .option("--host <host>", "On which address (default: 127.0.0.1)")
    .option("-c, --config <file>", "Proxies that are there from the start, in toxiproxy's JSON")
    .option("--log-level <level>", "What is logged: trace, debug, info, warn, error, fatal or silent");
}

/** For those who look at a running proxy, or let a tool look at it. */
function addWatchCommands(cli: ReturnType<typeof cac>): void {
  cli
    .command("watch [listener]", "Show sessions and their bytes as they pass, and what each plugin makes of them")
    .option(...configOption)
    .option("--hex", "Show bytes as hex dumps")
    .option(...jsonOption);
  cli
    .command("capture <listener>", "Write what passes a listener of the running proxy into a pcapng file, until Ctrl-C")
    .option("-o, --output <file>", "The file, which must not be there yet")
    .option("--for <duration>", "End by itself, after 60s say")
    .option("--size <size>", "End when the file is so large (default: 100MiB)")
    .option(...configOption)
    .option(...jsonOption);
  cli.command("mcp [config]", "Speak the Model Context Protocol over standard input and output, for agents").option(...configOption);
}

/**
 * Reads the arguments. Undefined when they asked for help or the version, which has been printed then.
 *
 * @param argv without node and the script
 * @throws SLUICE_USAGE
 */
export function parseCommandLine(argv: readonly string[]): CommandLine | undefined {
  const cli = createCli();
  const { options } = cli.parse(["node", "sluice", ...argv.map(unvalued)], { run: false });
  if (options["help"] === true || (options["version"] === true && cli.matchedCommand === undefined)) return undefined;
  if (argv.length === 0) {
    cli.outputHelp();
    return undefined;
  }
  const command = cli.matchedCommand;
  if (command === undefined)
    throw unknownCommand(
      cli.args.map(String)[0],
      cli.commands.map(({ name }) => name),
    );
  refuseUnknown(Object.keys(options), [...cli.globalCommand.options, ...command.options]);
  try {
    command.checkOptionValue();
    command.checkUnusedArgs();
  } catch (error) {
    throw new SluiceError("SLUICE_USAGE", error instanceof Error ? error.message : String(error), { cause: error });
  }
  return {
    command: command.name as CommandName,
    options: {
      ...argumentsOf(command.name, options, cli.args.map(String)),
      allowUnsafe: options["allowUnsafeConfig"] === true,
      json: options["json"] === true,
      watch: options["watch"] !== false,
      logLevel: levelOf(options["logLevel"]),
      ...adminOf(options["admin"]),
    },
  };
}

/** Which config a command is for, and what else stands behind it. @throws SLUICE_USAGE */
function argumentsOf(
  command: string,
  options: Readonly<Record<string, unknown>>,
  words: string[],
): ConfigFile & Pick<CommandOptions, "raw"> {
  const raw = { words, options };
  if (steers.has(command)) return { ...configOf(options["config"], undefined), raw };
  if (["forward", "trust", "toxiproxy", "init"].includes(command)) return { config: "proxy.config.ts", passedOver: [], raw };
  const own = command === "status" && options["watch"] === true ? { watch: true } : {};
  return { ...configOf(options["config"], words[0]), raw: { words: [], options: own } };
}

function unknownCommand(word: string | undefined, known: readonly string[]): SluiceError {
  if (word === undefined) return new SluiceError("SLUICE_USAGE", `expected a command: ${known.join(", ")}`);
  return new SluiceError("SLUICE_USAGE", `unknown command ${JSON.stringify(word)}${didYouMean(word, known)}`);
}

interface KnownOption {
  readonly names: readonly string[];
  readonly negated: boolean;
}

function refuseUnknown(given: readonly string[], known: readonly KnownOption[]): void {
  const names = known.flatMap((option) => option.names);
  const stranger = given.find((name) => name !== "--" && !names.includes(name));
  if (stranger === undefined) return;
  const meant = nearest(
    stranger,
    names.filter((name) => name.length > 1),
  );
  const negated = known.some((option) => option.negated && option.names.includes(meant ?? ""));
  const hint = meant === undefined ? "" : `, did you mean "--${negated ? "no-" : ""}${meant}"?`;
  throw new SluiceError("SLUICE_USAGE", `unknown option ${stranger.length > 1 ? "--" : "-"}${stranger}${hint}`);
}

function configOf(option: unknown, argument: string | undefined): ConfigFile {
  if (Array.isArray(option) || (isNamed(option) && argument !== undefined))
    throw new SluiceError("SLUICE_USAGE", argument === undefined ? "-c was given more than once" : "a config was named twice");
  const named = isNamed(option) ? option : argument;
  // cac makes a number of what looks like one.
  return named === undefined ? findConfig() : { config: String(named), passedOver: [] };
}

function isNamed(option: unknown): option is string | number {
  return option !== undefined && option !== "";
}

/** @throws SLUICE_USAGE */
function levelOf(given: unknown): LogLevel | undefined {
  if (given === undefined || isLogLevel(given)) return given;
  const known = logLevels.join(", ");
  throw new SluiceError("SLUICE_USAGE", `--log-level: expected one of ${known}, got ${JSON.stringify(given)}`);
}

/** `--admin` takes its address after a "=" alone: what follows it may be the config. */
function unvalued(argument: string): string {
  return argument === "--admin" ? "--admin=" : argument;
}

/** @throws SLUICE_USAGE */
function adminOf(given: unknown): { readonly admin?: AdminConfig } {
  if (given === undefined || given === false) return {};
  // cac makes a number of what looks like one.
  const text = typeof given === "string" || typeof given === "number" ? String(given) : "";
  if (text === "") return { admin: {} };
  const listen = /^[a-z]+:\/\//i.test(text) ? text : `tcp://${text}`;
  if (!/^(tcp:\/\/.*\d|unix:\/\/\/.+)$/i.test(listen))
    throw new SluiceError("SLUICE_USAGE", `--admin: expected host:port, tcp://host:port or unix:///path, got ${JSON.stringify(text)}`);
  return { admin: { listen } };
}
