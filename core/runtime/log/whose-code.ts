import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { placesInStack } from "../../config/explain/stack-place.ts";
import type { SourcePlace } from "../../config/explain/code-frame.ts";
import { SluiceError } from "../../contract/index.ts";

/**
 * Whose a file is: the core's, one of the packages that the core itself stands on, a plugin's from a package (the built-in ones too), or
 * the author's own.
 */
export type Owner = "core" | "dependency" | "package" | "author";

/** The package's own top folder: dist/core/runtime/log/ is four below it, and source maps lead to its core/. */
const packageFolder = fileURLToPath(new URL("../../../../", import.meta.url));
const { dependencies } = createRequire(import.meta.url)("sluice/package.json") as { dependencies: Readonly<Record<string, string>> };
const coreFolders = ["core", path.join("dist", "core")].map((folder) => path.join(packageFolder, folder) + path.sep);
const pluginFolders = ["plugins", path.join("dist", "plugins")].map((folder) => path.join(packageFolder, folder) + path.sep);
const dependencyFolders = Object.keys(dependencies).map((name) => path.join(path.sep, "node_modules", name, path.sep));

export function ownerOf(file: string): Owner {
  if (coreFolders.some((folder) => file.startsWith(folder))) return "core";
  if (pluginFolders.some((folder) => file.startsWith(folder))) return "package";
  if (dependencyFolders.some((folder) => file.includes(folder))) return "dependency";
  return file.includes(`${path.sep}node_modules${path.sep}`) ? "package" : "author";
}

/** The files of a stack, the innermost first. */
export function framesOf(thrown: unknown): SourcePlace[] {
  return placesInStack(stackOf(thrown));
}

/** The stack of anything thrown. Never throws: not everything thrown lets it be read. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
    return typeof stack === "string" ? stack : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Who is to blame for an error that nobody caught, by its stack alone. It is the core's only when nothing but the core (and what it stands
 * on) is there: a plugin's file on the stack makes it the plugin's, wherever that is installed. All sockets of the core have handlers, and
 * the core throws nothing but Errors: what has neither a file nor a stack is a plugin's. So is a SluiceError that was rejected with, an
 * answer to a plugin that did not wait for it.
 */
export function culprit(thrown: unknown): "core" | "plugin" {
  if (SluiceError.is(thrown) && thrown.code !== "SLUICE_INTERNAL") return "plugin";
  const owners = new Set(framesOf(thrown).map(({ file }) => ownerOf(file)));
  return owners.has("core") && !owners.has("author") && !owners.has("package") ? "core" : "plugin";
}
