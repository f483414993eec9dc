import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { placesInStack } from "../../config/explain/stack-place.ts";
import type { SourcePlace } from "../../config/explain/code-frame.ts";
import { SluiceError } from "../../contract/errors/errors.ts";
import { textOf } from "../../contract/errors/thrown.ts";

/**
 * The owner of a file: the core, a package that the core itself depends on, a package with plugins (the built-in ones too), or the author.
 */
export type Owner = "core" | "dependency" | "package" | "author";

/** The top folder of this package: dist/core/runtime/log/ is four levels below it, and source maps lead to its core/. */
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
  return placesInStack(textOf(thrown, "stack"));
}

/**
 * Whether the core or a plugin caused an uncaught error, judged by its stack alone. It is the core only if the stack has nothing but the core and the
 * packages it depends on: any file of a plugin, wherever it is installed, makes it the plugin. All sockets of the core have handlers and the core
 * throws only Errors, so a value without a file or a stack comes from a plugin. An unhandled rejection with a SluiceError does too: it is an answer
 * to a plugin that did not wait for it.
 */
export function culprit(thrown: unknown): "core" | "plugin" {
  if (SluiceError.is(thrown) && thrown.code !== "SLUICE_INTERNAL") return "plugin";
  const owners = new Set(framesOf(thrown).map(({ file }) => ownerOf(file)));
  return owners.has("core") && !owners.has("author") && !owners.has("package") ? "core" : "plugin";
}
