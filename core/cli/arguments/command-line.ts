import { createRequire } from "node:module";
import { cac } from "cac";
import type { AdminConfig } from "../../contract/config/admin.ts";
import { isLogLevel, logLevels, type LogLevel } from "../../contract/config/log-level.ts";
import { SluiceError } from "../../contract/errors/errors.ts";
import { didYouMean, nearest } from "../../contract/options/nearest.ts";
import { findConfig, type ConfigFile } from "./config-file.ts";
import { forwardFlags } from "./forward-flags.ts";

/** The commands of `sluice`. */
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

export interface CommandLine {
  readonly command: CommandName;
  readonly options: CommandOptions;
}

const configOption = ["-c, --config <file>", "The config file (default: proxy.config.ts, or .mts, .cts, .js, .mjs, .cjs, .json)"] as const;
const unsafeOption = ["--allow-unsafe-config", "Load a config that other users may write, for file systems without permissions"] as const;
const adminOption = ["--admin [address]", "Turn the admin server on, at host:port, tcp://… or unix://… (default: 127.0.0.1:9900)"] as const;
const logLevelOption = [
  "--log-level <level>",
  "The log's level: trace, debug, info, warn, error, fatal or silent (default: the config's log.level, else info)",
] as const;
const jsonOption = ["--json", "Print JSON, for programs"] as const;

/** Commands that take the config only with -c, because their arguments are something else. */
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
    .command("check [config]", "Validate the config and set up its plugins, without opening a port; exit code 0 or 1")
    .option(...configOption)
    .option(...unsafeOption)
    .option(...jsonOption);
  cli
    .command("plan [config]", "Show what a reload of the config as it is now would keep, swap, drain, close and bind")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("reload [config]", "Make the running proxy load its config and plugins again")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("status [config]", "Show the running proxy: listeners, sessions, counters")
    .option(...configOption)
    .option("--watch", "Show sessions and throughput every second, until Ctrl-C")
    .option(...jsonOption);
  const forward = cli
    .command("forward <listen> [upstream]", "Forward a port without a config; options add plugins")
    .option("--print", "Only print the equivalent config")
    .option("--write", "Save the equivalent config as proxy.config.ts, and run it")
    .option(...adminOption)
    .option(...logLevelOption);
  for (const { name, value, help } of forwardFlags) forward.option(`--${name}${value}`, help);
  cli
    .command("trust", "Make the system, browsers and Java trust this user's local CA")
    .option("--remove", "Remove the local CA from them")
    .option("--print", "Only print what would be done")
    .option("--stores <names>", "Some of system, nss and java (default: all)");
  cli
    .command("toggle <plugin> [...state]", "Switch the plugin LISTENER/PLUGIN of the running proxy on or off, also on open connections")
    .option(...configOption)
    .option(...jsonOption);
  cli
    .command("set <plugin> [...options]", "Change options of a plugin of the running proxy: sluice set LISTENER/PLUGIN option=value …")
    .option(...configOption)
    .option(...jsonOption);
  addAuthorCommands(cli);
  addWatchCommands(cli);
  // cac says "(default: true)" of what `--no-…` switches off, which reads as if it were off by default.
  cli.help((sections) =>
    sections.map(({ title, body }) => ({ title: title ?? "", body: body.replaceAll(/^( *--no-.*) \(default: true\)$/gm, "$1") })),
  );
  cli.version((createRequire(import.meta.url)("sluice/package.json") as { version: string }).version);
  return cli;
}

/** Commands for authors of plugins and tests. */
function addAuthorCommands(cli: ReturnType<typeof cac>): void {
  cli
    .command("init", "Write a config, a first plugin and its test into this folder")
    .option("--plugin <name>", "The plugin's name; if the folder has a config, only this plugin and its test are added")
    .option("--template <template>", "What the plugin works on: byte, http, faults or codec (default: byte)")
    .option("--no-interactive", "Ask nothing");
  cli
    .command("replay <...files>", "Play recordings to a server, or through a listener's plugins; exit code 1 when something differs")
    .option("--to <address>", "Play the client to this server: host:port, tcp://…, tls://…, udp://… or unix:///path")
    .option("--through <listener>", "Pass the bytes through this listener's plugins, without sockets and in virtual time")
    .option("--timing <timing>", "With --to: none, recorded, or a factor for the recorded delays (default: none)")
    .option(...configOption)
    .option(...unsafeOption)
    .option(...jsonOption);
  cli
    .command("toxiproxy", "Serve toxiproxy's HTTP API, for toxiproxy clients of every language")
    .option("--port <port>", "The port of the API (default: 8474; 0: a free port)")
    .option("--host <host>", "The address of the API (default: 127.0.0.1)")
    .option("-c, --config <file>", "Proxies to create at the start, in toxiproxy's JSON format")
    .option("--log-level <level>", "The log's level: trace, debug, info, warn, error, fatal or silent");
}

/** Commands that observe a running proxy. */
function addWatchCommands(cli: ReturnType<typeof cac>): void {
  cli
    .command("watch [listener]", "Show sessions, the bytes that pass, and what each plugin changes")
    .option(...configOption)
    .option("--hex", "Show bytes as hex dumps")
    .option(...jsonOption);
  cli
    .command("capture <listener>", "Write the traffic of a listener of the running proxy into a pcapng file, until Ctrl-C")
    .option("-o, --output <file>", "The file, which must not exist yet")
    .option("--for <duration>", "End after this time, such as 60s")
    .option("--size <size>", "End when the file has this size (default: 100MiB)")
    .option("--secrets", "Capture TLS that begins from now on as it was, with the secrets that decrypt it")
    .option(...configOption)
    .option(...jsonOption);
  cli.command("mcp [config]", "Serve the Model Context Protocol on standard input and output, for AI agents").option(...configOption);
}

/**
 * Reads the arguments. Returns undefined after printing the help or the version.
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

/** The config of a command, and its other arguments. @throws SLUICE_USAGE */
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
  // cac converts text that looks like a number.
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

/** `--admin` takes its address only after "=": the next argument may be the config. */
function unvalued(argument: string): string {
  return argument === "--admin" ? "--admin=" : argument;
}

/** @throws SLUICE_USAGE */
function adminOf(given: unknown): { readonly admin?: AdminConfig } {
  if (given === undefined || given === false) return {};
  // cac converts text that looks like a number.
  const text = typeof given === "string" || typeof given === "number" ? String(given) : "";
  if (text === "") return { admin: {} };
  const listen = /^[a-z]+:\/\//i.test(text) ? text : `tcp://${text}`;
  if (!/^(tcp:\/\/.*\d|unix:\/\/\/.+)$/i.test(listen))
    throw new SluiceError("SLUICE_USAGE", `--admin: expected host:port, tcp://host:port or unix:///path, got ${JSON.stringify(text)}`);
  return { admin: { listen } };
}
