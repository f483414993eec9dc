import { readFileSync } from "node:fs";
import path from "node:path";
import { resolveExports, resolveImports } from "resolve-pkg-maps";
import { fileStats } from "../files/file-stats.ts";
import { realPath } from "../files/links.ts";

/** What a package.json says about the modules beside it. */
interface Manifest {
  readonly name?: string;
  readonly main?: string;
  readonly exports?: Parameters<typeof resolveExports>[0];
  readonly imports?: Parameters<typeof resolveImports>[0];
}

export interface PackageScope {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Node's conditions for `import`, and those of the command line (`NODE_OPTIONS="-C development"`), by which workspaces refer to their sources. */
const conditions: readonly string[] = ["import", "module-sync", "node", "default", ...givenConditions()];

function givenConditions(): string[] {
  const words = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)].flatMap((each) => each.split("="));
  return words.filter((_, index) => /^(?:-C|--conditions)$/.test(words[index - 1] ?? ""));
}

/** The packages around the modules of one load, by their package.json files (Node's documentation, "Modules: Packages"). */
export class PackageScopes {
  readonly #manifests = new Map<string, Manifest | undefined>();

  /** The package whose folder this is, if it is one. */
  at(folder: string): PackageScope | undefined {
    if (!this.#manifests.has(folder)) this.#manifests.set(folder, this.#readManifest(path.join(folder, "package.json")));
    const manifest = this.#manifests.get(folder);
    return manifest === undefined ? undefined : { folder, manifest };
  }

  /** The package that a file belongs to. */
  around(file: string): PackageScope | undefined {
    for (const folder of foldersUp(file)) {
      if (path.basename(folder) === "node_modules") return undefined;
      const scope = this.at(folder);
      if (scope !== undefined) return scope;
    }
    return undefined;
  }

  /** The package that a name means in a file, at its real place: the file's own, or one in `node_modules`, where workspaces are linked. */
  named(name: string, file: string): PackageScope | undefined {
    const own = this.around(file);
    if (own?.manifest.name === name && own.manifest.exports !== undefined) return own;
    for (const folder of foldersUp(file)) {
      const place = path.join(folder, "node_modules", name);
      if (fileStats(place)?.isDirectory() !== true) continue;
      const real = realPath(place) ?? place;
      return this.at(real) ?? { folder: real, manifest: {} };
    }
    return undefined;
  }

  #readManifest(file: string): Manifest | undefined {
    if (fileStats(file)?.isFile() !== true) return undefined;
    try {
      const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
      return typeof manifest === "object" && manifest !== null ? manifest : undefined;
    } catch {
      // Node reports that with its own message, if the package is imported.
      return undefined;
    }
  }
}

/** The folders that a file is in, the innermost first. */
export function foldersUp(file: string): string[] {
  const folder = path.dirname(file);
  return folder === file ? [] : [folder, ...foldersUp(folder)];
}

/** A package's name and the path within it. */
export function splitSpecifier(specifier: string): { readonly name: string; readonly subpath: string } {
  const parts = specifier.split("/");
  const length = specifier.startsWith("@") ? 2 : 1;
  return { name: parts.slice(0, length).join("/"), subpath: parts.slice(length).join("/") };
}

/** Where a path within a package leads; undefined when the package does not export it. */
export function exportedPath({ folder, manifest }: PackageScope, subpath: string): string | undefined {
  if (manifest.exports === undefined) return path.join(folder, subpath);
  return settled(() => resolveExports(manifest.exports ?? "", subpath, conditions), folder);
}

/** Where a name that begins with `#` leads: a path, the name of a package, or nothing. */
export function importedPath({ folder, manifest }: PackageScope, specifier: string): string | undefined {
  const { imports } = manifest;
  return imports === undefined ? undefined : settled(() => resolveImports(imports, specifier, conditions), folder);
}

function settled(resolve: () => readonly string[], folder: string): string | undefined {
  try {
    const [target] = resolve();
    return target?.startsWith("./") === true ? path.join(folder, target) : target;
  } catch {
    return undefined;
  }
}
