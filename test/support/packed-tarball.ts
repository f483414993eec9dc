import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeEnvironment } from "./cli.ts";
import { root } from "./repository.ts";

const execute = promisify(execFile);

/**
 * What commands of other folders may know of this process: what npm, c8 and node:test hand down to a child is about this checkout, and
 * would lead the new folder astray.
 */
export const strangersEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_V8_COVERAGE$|NODE_TEST_CONTEXT$|INIT_CWD$|CI$|FORCE_COLOR$)/i.test(name)),
  ),
  ...nodeEnvironment,
};

let packed: Promise<string> | undefined;

async function pack(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tarball-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  // Scripts stay off: `prepare` would build dist/ again under the feet of the tests that run from it.
  const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await execute("npm", packing, { cwd: root, env: strangersEnvironment });
  return join(folder, (JSON.parse(stdout) as readonly { readonly filename: string }[])[0]?.filename ?? "");
}

/** The package as it is built, packed once for all specs of a process. @returns the tarball's path */
export function packedTarball(): Promise<string> {
  return (packed ??= pack());
}
