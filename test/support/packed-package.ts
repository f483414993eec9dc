import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { packedTarball, strangersEnvironment as environment } from "./packed-tarball.ts";

const execute = promisify(execFile);

/** The packed package, installed in a folder that has nothing else. */
export interface PackedPackage {
  readonly folder: string;
  /** Runs a command in the folder. @returns what it printed, trimmed. Rejects when it fails, with what it printed */
  readonly run: (command: string, ...parameters: readonly string[]) => Promise<string>;
  /** What commands in the folder may know of this process. */
  readonly environment: NodeJS.ProcessEnv;
  /** Makes packages missing that this machine may have in a folder above: Node looks no further than the first folder of that name. */
  readonly hide: (...packages: readonly string[]) => void;
  /** Gives the folder back: whatever was written beside the installed packages goes. */
  readonly remove: () => void;
}

/** The oldest TypeScript that is promised (this checkout has the newest), and runners that Node 20 still has. */
const tools = ["typescript@npm:typescript@5.5", "mocha@11", "vitest@4"];

/** Runs a command in a folder as a stranger would, who knows nothing of this checkout. @returns what it printed, trimmed */
export async function runAsStranger(cwd: string, command: string, ...parameters: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, parameters, { cwd, env: environment }).catch((error: unknown) => {
    const { stdout: out, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw Object.assign(new Error(`${command} ${parameters.join(" ")}\n${out}\n${stderr}`, { cause: error }), { stderr });
  });
  return stdout.trim();
}

/** Installs in a folder with npm. */
export async function npmInstall(folder: string, ...what: readonly string[]): Promise<void> {
  await runAsStranger(folder, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel", "error", ...what);
}

/** As npm left it: `folder` is where specs work, `kept` has the manifest and the lock. */
interface Installation {
  readonly folder: string;
  readonly kept: string;
}

async function install(): Promise<Installation> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-package-"));
  process.once("exit", () => rmSync(parent, { recursive: true, force: true }));
  const [folder, kept] = [join(parent, "empty"), join(parent, "kept")];
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  await npmInstall(folder, await packedTarball(), ...tools);
  cpSync(folder, kept, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  return { folder, kept };
}

function clear({ folder, kept }: Installation): void {
  for (const name of readdirSync(folder)) if (name !== "node_modules") rmSync(join(folder, name), { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
}

let installed: Promise<Installation> | undefined;

/**
 * The package as it is built, packed, and installed in an empty folder with TypeScript 5.5, mocha and vitest. It is installed once for all
 * specs of a process, which have the folder one after the other: installing takes longer than what they do with it.
 */
export async function installPacked(): Promise<PackedPackage> {
  const installation = await (installed ??= install());
  clear(installation);
  const { folder } = installation;
  const run: PackedPackage["run"] = (command, ...parameters) => runAsStranger(folder, command, ...parameters);
  const hide = (...packages: readonly string[]) => {
    for (const name of packages) mkdirSync(join(folder, "node_modules", name), { recursive: true });
  };
  return { folder, environment, run, hide, remove: () => clear(installation) };
}
