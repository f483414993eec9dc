import path from "node:path";
import { reasonOf, type ResolvedConfig, type ResolvedListener } from "../../contract/index.ts";
import { addressText } from "../../contract/config/listen-address.ts";
import { checkConfig } from "../../runtime/proxy/check.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { passedOverNote } from "../arguments/config-file.ts";
import { table } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";

/**
 * `sluice check`: loads and validates the config, and constructs, sets up and tears down its plugins; binds nothing. @throws the errors of the config
 */
export async function check(options: CommandOptions, output: Terminal): Promise<number> {
  const { config: given, json } = options;
  const floating: string[] = [];
  // `start` logs these and continues; here they would end the command with an error message of Node.
  process.on("unhandledRejection", (reason) => floating.push(`a promise was rejected and nobody caught it: ${reasonOf(reason)}`));
  const { config, warnings: found } = await checkConfig(path.resolve(given));
  const note = passedOverNote(options);
  const warnings = [...(note === undefined ? [] : [note]), ...found, ...floating];
  if (json) output.line(JSON.stringify({ ok: true, listeners: config.listeners.map(summary), warnings }, undefined, 2));
  else for (const line of lines(given, config, warnings, output)) output.line(line);
  return 0;
}

function lines(given: string, { listeners }: ResolvedConfig, warnings: readonly string[], { colors }: Terminal): string[] {
  const count = `${listeners.length} listener${listeners.length === 1 ? "" : "s"}`;
  const rows = listeners
    .map(summary)
    .map(({ name, listen, upstream, plugins }) => [
      { text: name, paint: colors.bold },
      { text: listen, paint: colors.cyan },
      { text: upstream.length === 0 ? "" : `to ${upstream.join(", ")}` },
      { text: plugins.join(", "), paint: colors.dim },
    ]);
  return [
    `${colors.green("good:")} ${given}, ${count}`,
    ...table(rows),
    ...warnings.map((warning) => `${colors.yellow("warning:")} ${warning}`),
  ];
}

function summary({ name, address, upstream, uses }: ResolvedListener) {
  return {
    name,
    listen: addressText(address),
    upstream: upstream?.endpoints.map(({ text }) => text) ?? [],
    plugins: uses.map((use) => use.name),
  };
}
