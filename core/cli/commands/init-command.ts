import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { starterFiles, starterTsconfig } from "../init/starter-files.ts";
import { starterPackage } from "../init/starter-package.ts";
import type { Terminal } from "../output/terminal.ts";

/**
 * `sluice init`: writes the starter files into the working directory, and adds what is missing to its package.json.
 *
 * @throws SLUICE_FILE_EXISTS, and then nothing has been written
 */
export async function init(_options: CommandOptions, output: Terminal): Promise<number> {
  const { text, isModule, missing } = starterPackage("package.json");
  const files = starterFiles(isModule);
  for (const name of Object.keys(files)) {
    if (existsSync(name))
      throw new SluiceError("SLUICE_FILE_EXISTS", "is there already, and is never overwritten", { where: path.resolve(name) });
  }
  const wrote = (name: string): void => output.line(`${output.colors.green("wrote")} ${name}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(name), { recursive: true });
    write(name, content);
    wrote(name);
  }
  if (!existsSync("tsconfig.json")) {
    write("tsconfig.json", starterTsconfig);
    wrote("tsconfig.json");
  }
  if (text !== undefined) {
    writeFileSync("package.json", text);
    wrote("package.json");
  }
  if (missing.length > 0) output.line(`${missing.join(" and ")} of package.json: ${output.colors.bold(`${installer()} install`)}`);
  output.line(`now: ${output.colors.bold("npx sluice start")}`);
  return 0;
}

function write(name: string, text: string): void {
  // "wx": should somebody else write it just now, theirs stays. The mode holds under any umask: a config that others may write to is refused.
  writeFileSync(name, text, { flag: "wx", mode: 0o644 });
}

/** Whoever runs this command says so in the environment: npm, pnpm, yarn. */
function installer(): string {
  return /^([a-z]+)\//.exec(process.env["npm_config_user_agent"] ?? "")?.[1] ?? "npm";
}
