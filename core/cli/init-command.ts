import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SluiceError } from "../contract/index.ts";
import type { CommandOptions } from "./command-line.ts";
import { starterFiles } from "./starter-files.ts";
import type { Terminal } from "./terminal.ts";

/** `sluice init`: writes the starter files into the working directory. @throws SLUICE_FILE_EXISTS, and then nothing has been written */
export async function init(_options: CommandOptions, output: Terminal): Promise<number> {
  for (const name of Object.keys(starterFiles)) {
    if (existsSync(name))
      throw new SluiceError("SLUICE_FILE_EXISTS", "is there already, and is never overwritten", { where: path.resolve(name) });
  }
  for (const [name, text] of Object.entries(starterFiles)) {
    mkdirSync(path.dirname(name), { recursive: true });
    // "wx": should somebody else write it just now, theirs stays. The mode holds under any umask: a config that others may write to is refused.
    writeFileSync(name, text, { flag: "wx", mode: 0o644 });
    output.line(`${output.colors.green("wrote")} ${name}`);
  }
  output.line(`now: ${output.colors.bold("npx sluice start")}`);
  return 0;
}
