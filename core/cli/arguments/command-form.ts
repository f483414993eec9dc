/** An option of a command as the help shows it: its form for `cac`, and what it does. */
export type OptionForm = readonly [form: string, help: string];

/** What the help and the parser know of a command. */
export interface CommandForm {
  /** Its arguments, such as `[config]`. A command that takes the config as an argument takes it with `-c` too. */
  readonly takes: string;
  readonly summary: string;
  readonly options: readonly OptionForm[];
}

// The options that several commands have.

/** The config, for commands whose arguments are something else too. */
export const configOption: OptionForm = [
  "-c, --config <file>",
  "The config file (default: proxy.config.ts, or .mts, .cts, .js, .mjs, .cjs, .json)",
];
export const unsafeOption: OptionForm = [
  "--allow-unsafe-config",
  "Load a config that other users may write, for file systems without permissions",
];
export const adminOption: OptionForm = [
  "--admin [address]",
  "Turn the admin server on, at host:port, tcp://… or unix://… (default: 127.0.0.1:9900)",
];
export const logLevelOption: OptionForm = [
  "--log-level <level>",
  "The log's level: trace, debug, info, warn, error, fatal or silent (default: the config's log.level, else info)",
];
export const jsonOption: OptionForm = ["--json", "Print JSON, for programs"];
