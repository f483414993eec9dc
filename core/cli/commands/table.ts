import { adminOption, configOption, jsonOption, logLevelOption, unsafeOption, type CommandForm } from "../arguments/command-form.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { formsOf, forwardFlags } from "../arguments/forward-flags.ts";
import type { Terminal } from "../output/terminal.ts";

/** Runs a command; its number is the exit code. */
type Run = (options: CommandOptions, output: Terminal) => Promise<number>;

interface Command extends CommandForm {
  /** Loads the command when it is used: `sluice status` needs neither the compiler nor the proxy. */
  readonly load: () => Promise<Run>;
}

/** All commands, in the order of the help. A new one is a file in this folder and an entry here. */
export const commands = {
  start: {
    takes: "[config]",
    summary: "Start the proxy, and reload it whenever a file of its config is saved",
    options: [configOption, unsafeOption, ["--no-watch", "Reload only on SIGHUP and `sluice reload`"], adminOption, logLevelOption],
    load: async () => (await import("./start-command.ts")).start,
  },
  check: {
    takes: "[config]",
    summary: "Validate the config and set up its plugins, without opening a port; exit code 0 or 1",
    options: [configOption, unsafeOption, jsonOption],
    load: async () => (await import("./check-command.ts")).check,
  },
  plan: {
    takes: "[config]",
    summary: "Show what a reload of the config as it is now would keep, swap, drain, close and bind",
    options: [configOption, unsafeOption, jsonOption],
    load: async () => (await import("./plan-command.ts")).plan,
  },
  reload: {
    takes: "[config]",
    summary: "Make the running proxy load its config and plugins again",
    options: [configOption, jsonOption],
    load: async () => (await import("./reload-command.ts")).reload,
  },
  status: {
    takes: "[config]",
    summary: "Show the running proxy: listeners, sessions, counters",
    options: [configOption, ["--watch", "Show sessions and throughput every second, until Ctrl-C"], jsonOption],
    load: async () => (await import("./status-command.ts")).status,
  },
  forward: {
    takes: "<listen> [upstream]",
    summary: "Forward a port without a config; options add plugins",
    options: [
      ["--print", "Only print the equivalent config"],
      ["--write", "Save the equivalent config as proxy.config.ts, and run it"],
      adminOption,
      logLevelOption,
      ...forwardFlags.flatMap(formsOf),
    ],
    load: async () => (await import("./forward-command.ts")).forward,
  },
  trust: {
    takes: "",
    summary: "Make the system, browsers and Java trust the local CA of this folder, or of this user",
    options: [
      ["--remove", "Remove the local CA from them"],
      ["--print", "Only print the commands; the CA is made if there is none yet"],
      ["--stores <names>", "Some of system, nss and java (default: all)"],
    ],
    load: async () => (await import("./trust-command.ts")).trust,
  },
  toggle: {
    takes: "<listener/plugin> [...on|off|config]",
    summary: "Switch a plugin of the running proxy, also on open connections; config: let it do again what the config says",
    options: [configOption, jsonOption],
    load: async () => (await import("./steer-commands.ts")).toggle,
  },
  set: {
    takes: "<listener/plugin> [...option=value]",
    summary: "Change options of a plugin of the running proxy, also on open connections",
    options: [configOption, jsonOption],
    load: async () => (await import("./steer-commands.ts")).set,
  },
  init: {
    takes: "",
    summary: "Write a config, a first plugin and its test into this folder",
    options: [
      ["--plugin <name>", "The plugin's name; if the folder has a config, only this plugin and its test are added"],
      ["--template <template>", "What the plugin works on: byte, http, faults or codec (default: byte)"],
      ["--no-interactive", "Ask nothing"],
    ],
    load: async () => (await import("./init-command.ts")).init,
  },
  replay: {
    takes: "<...files>",
    summary: "Play recordings to a server, or through a listener's plugins; exit code 1 when something differs",
    options: [
      ["--to <address>", "Play the client to this server: host:port, tcp://…, tls://…, udp://… or unix:///path"],
      ["--through <listener>", "Pass the bytes through this listener's plugins, without sockets and in virtual time"],
      ["--timing <timing>", "With --to: none, recorded, or a factor for the recorded delays (default: none)"],
      configOption,
      unsafeOption,
      jsonOption,
    ],
    load: async () => (await import("./replay-command.ts")).replay,
  },
  toxiproxy: {
    takes: "",
    summary: "Serve toxiproxy's HTTP API, for toxiproxy clients of every language",
    options: [
      ["--port <port>", "The port of the API (default: 8474; 0: a free port)"],
      ["--host <host>", "The address of the API (default: 127.0.0.1)"],
      ["-c, --config <file>", "Proxies to create at the start, in toxiproxy's JSON format"],
      ["--log-level <level>", "The log's level: trace, debug, info, warn, error, fatal or silent"],
    ],
    load: async () => (await import("./toxiproxy-command.ts")).toxiproxy,
  },
  watch: {
    takes: "[listener]",
    summary: "Show sessions, the bytes that pass, and what each plugin changes",
    options: [configOption, ["--hex", "Show bytes as hex dumps"], jsonOption],
    load: async () => (await import("./watch-command.ts")).watch,
  },
  capture: {
    takes: "<listener>",
    summary: "Write the traffic of a listener of the running proxy into a pcapng file, until Ctrl-C",
    options: [
      ["-o, --output <file>", "The file, which must not exist yet"],
      ["--for <duration>", "End after this time, such as 60s"],
      ["--size <size>", "End when the file has this size (default: 100MiB)"],
      ["--secrets", "Capture TLS that begins from now on as it was, with the secrets that decrypt it"],
      configOption,
      jsonOption,
    ],
    load: async () => (await import("./capture-command.ts")).capture,
  },
  mcp: {
    takes: "[config]",
    summary: "Serve the Model Context Protocol on standard input and output, for AI agents",
    options: [configOption],
    load: async () => (await import("./mcp-command.ts")).mcp,
  },
} satisfies Readonly<Record<string, Command>>;
