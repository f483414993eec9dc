import { spawnSync } from "node:child_process";
import { findTool, missingTools } from "./tools.ts";

// RUNLEVEL=1 keeps the packages from starting their services: the tests start their own, on free ports.
const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };

function apt(...options: readonly string[]): boolean {
  const run = spawnSync("apt-get", ["-q", ...options], { env: environment, encoding: "utf8", timeout: 300_000 });
  if (run.status !== 0) console.error(`apt-get ${options.join(" ")} failed\n${run.stdout}${run.stderr}`.trimEnd());
  return run.status === 0;
}

const install = (names: readonly string[]): boolean => apt("install", "-y", "--no-install-recommends", ...names);

/**
 * Installs the Debian packages of missing tools, where that is possible: as root, on a system with apt.
 *
 * @returns the names of the tools that are missing still
 */
export function installTools(): string[] {
  const missing = missingTools();
  if (missing.length === 0) return [];
  if (process.getuid?.() === 0 && findTool("apt-get") !== undefined && apt("update")) {
    const packages = [...new Set(missing.map((tool) => tool.package))];
    console.log(`installing ${packages.join(" ")}`);
    // One by one after a failure, so that a package which this release does not know costs only itself.
    if (!install(packages)) for (const name of packages) install([name]);
  }
  return missingTools().map((tool) => tool.name);
}
