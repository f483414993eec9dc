import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { configNames } from "../arguments/config-file.ts";
import { readInitOptions, type InitOptions } from "../init/init-options.ts";
import { readPluginName } from "../init/plugin-name.ts";
import { ask, type Answers } from "../init/questions.ts";
import { configFile, pluginFiles, type ProjectChoices } from "../init/starter-files.ts";
import { starterPackage, type StarterPackage } from "../init/starter-package.ts";
import { starterTsconfig } from "../init/starter-tsconfig.ts";
import { isTemplateName, templates } from "../init/templates/index.ts";
import type { Terminal } from "../output/terminal.ts";

/**
 * `sluice init`: writes a config, a plugin and its test into the working directory, and adds missing parts to its package.json and
 * tsconfig.json. With `--plugin` in a project that has a config: a plugin and its test.
 *
 * @throws SLUICE_FILE_EXISTS, SLUICE_USAGE, and then nothing has been written
 */
export async function init({ raw }: CommandOptions, output: Terminal): Promise<number> {
  const options = readInitOptions(raw.options);
  const config = configNames.find((name) => existsSync(name));
  if (config !== undefined && options.plugin === undefined)
    throw new SluiceError("SLUICE_FILE_EXISTS", "exists already, and is never overwritten: `sluice init --plugin NAME` adds a plugin", {
      where: path.resolve(config),
    });
  const { name = readPluginName("shout"), template = "byte" } = await answersTo(options, output);
  const manifest = starterPackage("package.json");
  const tsconfig = starterTsconfig("tsconfig.json");
  const wanted = { name, template, runner: manifest.runner, isModule: manifest.isModule };
  const files = { ...pluginFiles(wanted), ...(config === undefined ? configFile(wanted) : {}) };
  refuseExisting(Object.keys(files));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(file), { recursive: true });
    // "wx": a file that appears at this moment is kept. The mode makes the file safe under any umask: a config that others may write is refused.
    writeFileSync(file, text, { flag: "wx", mode: 0o644 });
    output.line(`${output.colors.green("wrote")} ${file}`);
  }
  addTo("tsconfig.json", tsconfig.text, output);
  addTo("package.json", manifest.text, output);
  if (tsconfig.obstacle !== undefined)
    output.line(`tsconfig.json: tsc finds Sluice's types with "module": "nodenext"; yours has ${tsconfig.obstacle}`);
  showNext(manifest, config === undefined ? undefined : { config, wanted }, output);
  return 0;
}

async function answersTo({ plugin, template, interactive }: InitOptions, output: Terminal): Promise<Answers> {
  if (template !== undefined && !isTemplateName(template))
    throw new SluiceError("SLUICE_USAGE", `--template: expected ${Object.keys(templates).join(", ")}, got ${JSON.stringify(template)}`);
  const known = { name: plugin === undefined ? undefined : readPluginName(plugin), template };
  const isComplete = known.name !== undefined && known.template !== undefined;
  return interactive && !isComplete && process.stdin.isTTY && output.interactive ? ask(known) : known;
}

function refuseExisting(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file));
  if (there !== undefined)
    throw new SluiceError("SLUICE_FILE_EXISTS", "exists already, and is never overwritten", { where: path.resolve(there) });
}

function addTo(file: string, text: string | undefined, output: Terminal): void {
  if (text === undefined) return;
  const verb = existsSync(file) ? "added to" : "wrote";
  writeFileSync(file, text, { mode: 0o644 });
  output.line(`${output.colors.green(verb)} ${file}`);
}

function showNext(
  { missing, script }: StarterPackage,
  added: { readonly config: string; readonly wanted: ProjectChoices } | undefined,
  output: Terminal,
): void {
  if (missing.length > 0) output.line(`packages to install (${missing.join(", ")}): ${output.colors.bold(`${installer()} install`)}`);
  output.line(`its test: ${output.colors.bold(`${installer()} ${script === "test" ? script : `run ${script}`}`)}`);
  if (added === undefined) output.line(`now: ${output.colors.bold("npx sluice start")}`);
  else {
    const { name, isModule } = added.wanted;
    output.line(`now, in ${added.config}:`);
    output.line(`  import { ${name.id} } from "./my-plugins/${name.file}.${isModule ? "js" : "mjs"}";`);
    output.line(`  … plugins: [${name.id}()]`);
  }
}

/** The package manager that runs this command, according to the environment: npm, pnpm or yarn. */
function installer(): string {
  return /^([a-z]+)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";
}
