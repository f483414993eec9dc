import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fileStats } from "../files/file-stats.ts";
import { realPath } from "../files/links.ts";
import { exportedPath, foldersUp, importedPath, PackageScopes, splitSpecifier, type PackageScope } from "./package-scopes.ts";
import { isShared } from "./packages.ts";
import { TsconfigPaths } from "./tsconfig-paths.ts";

/** Where an import leads: a local module (reloaded), a missing one, or a package (Node's business, never reloaded). */
export type Resolution =
  | {
      readonly kind: "local";
      /** The real file, behind every symlink: its own imports are resolved beside it, as Node does. */
      readonly file: string;
      /** What the import names. */
      readonly link: string;
    }
  | { readonly kind: "missing"; readonly candidates: readonly string[] }
  | {
      readonly kind: "package";
      /** Where it is, if that is known. */
      readonly file?: string | undefined;
    };

/** One that is there, or is Node's business. */
export type Found = Exclude<Resolution, { readonly kind: "missing" }>;

const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];

/** What tsc would emit, and what it is written as. */
const written: readonly (readonly [emitted: RegExp, sources: readonly string[]])[] = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.jsx$/, [".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];

/**
 * Finds the modules of one load as TypeScript users write them: with `.ts`, with the `.js` that tsc would emit, or without an extension; by
 * the `paths` of their tsconfig.json, the `imports` of their package.json, or the name of a package of the workspace. Local is what is
 * not installed: what lies in no `node_modules` once links are followed.
 */
export class Resolver {
  readonly #packages = new PackageScopes();
  readonly #paths = new TsconfigPaths();
  readonly #manifests = new Set<string>();
  readonly #known: Map<string, Resolution>;

  /** @param known what another load has found, which is not looked for again */
  constructor(known: ReadonlyMap<string, Resolution> = new Map()) {
    this.#known = new Map(known);
  }

  /** What was found, by folder and specifier. */
  get known(): ReadonlyMap<string, Resolution> {
    return this.#known;
  }

  /** The package.json and tsconfig.json files that had a say. */
  get consulted(): readonly string[] {
    return [...this.#manifests, ...this.#paths.read];
  }

  resolve(specifier: string, from: string): Resolution {
    const key = `${path.dirname(from)}\0${specifier}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#resolve(specifier, from);
    this.#known.set(key, found);
    return found;
  }

  #resolve(specifier: string, from: string): Resolution {
    // A path of Windows is none in an import anywhere, and no package's name either.
    if (/^\.{1,2}\\/.test(specifier)) return { kind: "missing", candidates: [] };
    const target = localPath(specifier, from);
    if (target !== undefined) return this.#locate(target);
    if (isShared(specifier)) return { kind: "package" };
    for (const candidate of this.#paths.candidates(specifier, from)) {
      const found = this.#locate(candidate);
      if (found.kind === "local") return found;
    }
    return this.#byName(specifier, from);
  }

  #byName(specifier: string, from: string): Resolution {
    if (isShared(specifier) || isBuiltin(specifier)) return { kind: "package" };
    return specifier.startsWith("#") ? this.#byImports(specifier, from) : this.#byPackage(specifier, from);
  }

  #byImports(specifier: string, from: string): Resolution {
    const scope = this.#packages.around(from);
    if (scope === undefined) return { kind: "package" };
    const manifest = this.#consult(scope);
    const target = importedPath(scope, specifier);
    if (target === undefined) return { kind: "package" };
    return path.isAbsolute(target) ? this.#locate(target) : this.#byName(target, manifest);
  }

  #byPackage(specifier: string, from: string): Resolution {
    const { name, subpath } = splitSpecifier(specifier);
    const scope = this.#packages.named(name, from);
    const target = scope === undefined ? undefined : exportedPath(scope, subpath);
    if (scope === undefined || target === undefined) return { kind: "package" };
    const found = this.#locate(target);
    if (!isInstalled(scope.folder)) this.#consult(scope);
    // What is installed and not there is for Node to explain.
    else if (found.kind === "missing") return { kind: "package" };
    return found;
  }

  #consult({ folder }: PackageScope): string {
    const manifest = path.join(folder, "package.json");
    this.#manifests.add(manifest);
    return manifest;
  }

  #locate(target: string): Resolution {
    const candidates = this.#candidates(target);
    const link = candidates.find(isFile);
    if (link === undefined) return { kind: "missing", candidates };
    const file = realPath(link) ?? link;
    return isInstalled(file) || file.endsWith(".node") ? { kind: "package", file } : { kind: "local", file, link };
  }

  /** Of `a.js` and `a.ts` side by side the latter is meant: the former is then its compiled output. */
  #candidates(target: string): string[] {
    const direct = [...sourcesOf(target), target, ...extensions.map((extension) => target + extension)];
    const index = extensions.map((extension) => path.join(target, `index${extension}`));
    const main = this.#packages.at(target)?.manifest.main;
    const named = main === undefined ? [] : path.join(target, main);
    const withMain = typeof named === "string" && named !== target ? this.#candidates(named) : [];
    return [...new Set([...direct, ...withMain, ...index])];
  }
}

function sourcesOf(target: string): string[] {
  return written.flatMap(([emitted, sources]) => (emitted.test(target) ? sources.map((source) => target.replace(emitted, source)) : []));
}

function isFile(file: string): boolean {
  return fileStats(file)?.isFile() === true;
}

/** Packages are other people's code, and come and go with an install. */
function isInstalled(file: string): boolean {
  return file.split(path.sep).includes("node_modules");
}

function localPath(specifier: string, from: string): string | undefined {
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") return path.resolve(path.dirname(from), specifier);
  return specifier.startsWith("file:") ? fileURLToPath(specifier) : undefined;
}

/** The files whose appearance would mean that a missing package was installed. */
export function packageCandidates(specifier: string, from: string): string[] {
  const { name } = splitSpecifier(specifier);
  return foldersUp(from)
    .filter((folder, index) => index === 0 || isFile(path.join(folder, "package.json")))
    .map((folder) => path.join(folder, "node_modules", name, "package.json"));
}
