import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packedTarball, strangersEnvironment as environment } from "./packed-tarball.ts";

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

/** Packs the package as it is built, and installs it in an empty folder. @param more what else is installed there */
export async function installPacked(...more: readonly string[]): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-package-"));
  const run = async (command: string, ...parameters: readonly string[]): Promise<string> => {
    const { stdout } = await execute(command, parameters, { cwd: folder, env: environment });
    return stdout.trim();
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel", "error", await packedTarball(), ...more);
  return { folder, run, environment, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
