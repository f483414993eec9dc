// Runs commands of sluice one after the other in one process, each with the folder and the arguments that it is sent: loading the modules
// costs a second of CPU time, and the command itself little. Ends with its parent.

import { run } from "../../core/cli/run.ts";
import type { CommandLine } from "./commands.ts";

const texts = { stdout: "", stderr: "" };
for (const name of ["stdout", "stderr"] as const)
  process[name].write = (text: string | Uint8Array, ...rest: unknown[]): boolean => {
    texts[name] += String(text);
    const written = rest.at(-1);
    if (typeof written === "function") (written as () => void)();
    return true;
  };

const own = { ...process.env };

process.on("message", ({ folder, parameters }: CommandLine) => {
  process.chdir(folder);
  // `--allow-unsafe` sets a variable.
  for (const name of Object.keys(process.env)) if (!(name in own)) delete process.env[name];
  Object.assign(texts, { stdout: "", stderr: "" });
  // oxlint-disable-next-line promise/catch-or-return -- it never rejects: an error is its exit code
  void run(parameters).then((code) => process.send?.({ code, ...texts }));
});
process.on("disconnect", () => process.exit());
