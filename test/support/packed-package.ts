import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { copyLocked, linkCommands, type Lock, type Locked } from "./locked-packages.ts";
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

/** The oldest TypeScript that is promised: this checkout has the newest. */
const oldestTypeScript = "typescript@npm:typescript@5.5";
/** With the test runners of this checkout. */
const tools = ["mocha", "vitest"];

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

/** `folder` is where specs work, `kept` has the manifest and the lock as they were. */
interface Installation {
  readonly folder: string;
  readonly kept: string;
}

interface Manifest extends Locked {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Unpacks the package, beside the packages that it declares to need. @returns their part of the lock */
async function layOut(folder: string, tarball: string): Promise<Lock> {
  const place = join(folder, "node_modules/sluice");
  mkdirSync(place, { recursive: true });
  await execute("tar", ["-xzf", tarball, "--strip-components=1", "-C", place]);
  const manifest = JSON.parse(readFileSync(join(place, "package.json"), "utf8")) as Manifest;
  const { bin, dependencies } = manifest;
  for (const file of Object.values(bin)) chmodSync(join(place, file), 0o755);
  linkCommands(folder, "sluice", bin);
  const own = { ...manifest, devDependencies: {}, resolved: `file:${tarball}` };
  return { ...copyLocked(folder, [...Object.keys(dependencies), ...tools]), "node_modules/sluice": own };
}

async function install(): Promise<Installation> {
  const parent = mkdtempSync(join(tmpdir(), "sluice-package-"));
  process.once("exit", () => rmSync(parent, { recursive: true, force: true }));
  const [folder, kept] = [join(parent, "empty"), join(parent, "kept")];
  mkdirSync(folder);
  const manifest = { name: "empty", private: true, type: "module" };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await npmInstall(folder, oldestTypeScript);
  const tarball = await packedTarball();
  const laidOut = await layOut(folder, tarball);
  const { packages, ...lock } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as { readonly packages: Lock };
  const dependencies = {
    ...packages[""]?.dependencies,
    sluice: `file:${tarball}`,
    ...Object.fromEntries(tools.map((name) => [name, "*"])),
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, dependencies }));
  const all = { ...packages, "": { ...packages[""], dependencies }, ...laidOut };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ ...lock, packages: all }));
  // It has only TypeScript: without it, npm looks at what is there.
  rmSync(join(folder, "node_modules/.package-lock.json"));
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
 * specs of a process, which have the folder one after the other. Its dependencies are those of this checkout: npm takes up to 30 s of CPU to
 * look at all their versions, and test/e2e/deploy-container.spec.ts installs it with npm.
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
