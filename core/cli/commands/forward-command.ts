import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import type { CommandOptions, RawArguments } from "../arguments/command-line.ts";
import { forwardFlags } from "../arguments/forward-flags.ts";
import { configText, listenOf, upstreamOf, type Forward } from "../forward/config-text.ts";
import { directions } from "../forward/directions.ts";
import { inOptions } from "../forward/in-options.ts";
import type { Terminal } from "../output/terminal.ts";
import { serve } from "./start-command.ts";

const configName = "proxy.config.ts";

/**
 * `sluice forward`: runs a proxy without a config, or prints or writes the equivalent config.
 *
 * @throws SLUICE_USAGE; SLUICE_FILE_EXISTS for `--write` in a folder with a config; the errors of `sluice start`
 */
export async function forward(options: CommandOptions, output: Terminal): Promise<number> {
  const wanted = forwardOf(options.raw);
  const text = configText(wanted);
  try {
    return await run(wanted, text, options, output);
  } catch (error) {
    throw inOptions(error, wanted);
  }
}

async function run(wanted: Forward, text: string, options: CommandOptions, output: Terminal): Promise<number> {
  const { print, write: isToWrite } = options.raw.options;
  // Before anything is written, since a file that is wrong would have to be removed before the next try.
  if (print === true || isToWrite === true) await checked(wanted);
  if (print === true) {
    output.line(text.trimEnd());
    return 0;
  }
  const ready = async (terminal: Terminal): Promise<void> => {
    for (const line of await directions(wanted, process.cwd())) terminal.line(line);
  };
  if (isToWrite === true) {
    write(text);
    return serve({ ...options, config: configName }, { ready });
  }
  // Each address has its own name, so that several proxies can run at the same time and `sluice status -c` finds each.
  const name = `forward-${wanted.listen.replaceAll(/[^\w.]+/g, "-")}.config.ts`;
  return serve({ ...options, config: name }, { text, ready });
}

/**
 * Checks the config as `sluice check` does. Plugins that are set up may make files, such as a local CA: they are made in a folder that is removed,
 * since printing leaves nothing behind.
 *
 * @throws the errors of the config
 */
async function checked(wanted: Forward): Promise<void> {
  const { checkConfig } = await import("../../runtime/proxy/check.ts");
  const folder = mkdtempSync(path.join(tmpdir(), "sluice-forward-"));
  try {
    await checkConfig(path.join(folder, configName), configText({ ...wanted, flags: withAbsoluteFiles(wanted.flags) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withAbsoluteFiles(flags: Forward["flags"]): Forward["flags"] {
  const files = new Set(forwardFlags.filter(({ isFile }) => isFile === true).map(({ name }) => name));
  return new Map([...flags].map(([name, value]) => [name, files.has(name) ? path.resolve(value) : value]));
}

function forwardOf({ words: [listen = "", upstream], options }: RawArguments): Forward {
  const used = flagsOf(options);
  if (listen === "") throw new SluiceError("SLUICE_USAGE", "expected a port and an upstream, such as: sluice forward 8443 localhost:3000");
  const targets = forwardFlags.filter(({ name, isTarget }) => isTarget === true && used.has(name)).map(({ name }) => `--${name}`);
  if (targets.length > 1)
    throw new SluiceError("SLUICE_USAGE", `${targets.join(" and ")}: expected one of them, as each decides where all sessions go`);
  if (upstream === undefined && targets.length === 0)
    throw new SluiceError("SLUICE_USAGE", "expected an upstream after the port, such as localhost:3000, or --echo");
  if (used.has("start-tls") && !used.has("tls"))
    throw new SluiceError(
      "SLUICE_USAGE",
      "--start-tls: expected --tls with it, such as --tls localhost: it does the TLS that the client begins",
    );
  // With start-tls, clients begin without TLS.
  const isSecure = used.has("tls") && !used.has("start-tls");
  return { listen: listenOf(listen, isSecure), upstream: upstream === undefined ? undefined : upstreamOf(upstream), flags: used };
}

function flagsOf(options: RawArguments["options"]): ReadonlyMap<string, string> {
  const used = new Map<string, string>();
  for (const { name, alias } of forwardFlags) {
    const [value, ...more] = [name, alias].flatMap((each) => given(options, each));
    if (value === undefined || value === false) continue;
    if (more.length > 0) throw new SluiceError("SLUICE_USAGE", `--${name} was given more than once`);
    used.set(name, typeof value === "string" ? value : "");
  }
  return used;
}

/** The values that were given to an option. */
function given(options: RawArguments["options"], name: string | undefined): readonly unknown[] {
  const value = name === undefined ? undefined : options[camelCase(name)];
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** The name of an option in cac. */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

function write(text: string): void {
  if (existsSync(configName))
    throw new SluiceError("SLUICE_FILE_EXISTS", "exists already, and is never overwritten", { where: path.resolve(configName) });
  writeFileSync(configName, text, { flag: "wx", mode: 0o644 });
}
