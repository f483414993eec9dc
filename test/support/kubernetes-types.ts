import { execFile } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { temporaryFolder } from "./real-peer.ts";
import { root } from "./repository.ts";

/** An object of Kubernetes, as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/**
 * What is wrong with manifests by the types that the package kubernetes-types makes of Kubernetes' OpenAPI schemas: fields that there are not, that are
 * missing, or of another type. Formats and ranges are not checked.
 *
 * @returns the compiler's lines; none: nothing
 */
export async function typeErrors(cleanup: Cleanup, manifests: readonly Manifest[]): Promise<string[]> {
  const folder = temporaryFolder(cleanup);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const sources = manifests.map((manifest, index) => {
    const { apiVersion, kind } = manifest;
    const from = apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`;
    return `import type { ${kind} as T${index} } from "kubernetes-types/${from}";\nexport const m${index}: T${index} = ${JSON.stringify(manifest)};\n`;
  });
  const file = join(folder, "manifests.ts");
  writeFileSync(file, sources.join(""));
  const options = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
    "--pretty",
    "false",
  ];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, file], (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
  return output.split("\n").filter((line) => line.trim() !== "");
}
