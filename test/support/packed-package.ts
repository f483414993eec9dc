import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./repository.ts";

const execute = promisify(execFile);

/** The packed package, installed in a folder of its own. */
export interface PackedPackage {
  readonly folder: string;
  /** Runs a command in the folder. @returns what it printed, trimmed. Rejects when it fails */
  readonly run: (command: string, ...parameters: readonly string[]) => Promise<string>;
  /** What commands in the folder may know of this process. */
  readonly environment: NodeJS.ProcessEnv;
  readonly remove: () => void;
}

// What npm and c8 hand down to a child is about this checkout, and would lead the new folder astray.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_V8_COVERAGE$|INIT_CWD$)/i.test(name)));

/** Packs the package as it is built, and installs it in an empty folder. @param more what else is installed there */
export async function installPacked(...more: readonly string[]): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-package-"));
  const run = async (command: string, ...parameters: readonly string[]): Promise<string> => {
    const { stdout } = await execute(command, parameters, { cwd: folder, env: environment });
    return stdout.trim();
  };
  // Scripts stay off: `prepare` would build dist/ again under the feet of the tests that run from it.
  const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await execute("npm", packing, { cwd: root, env: environment });
  const name = (JSON.parse(stdout) as readonly { readonly filename: string }[])[0]?.filename ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel", "error", join(folder, name), ...more);
  return { folder, run, environment, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
