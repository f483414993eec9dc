import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fileStats } from "../files/file-stats.ts";
import { realPath } from "../files/links.ts";
import { exportedPath, foldersUp, importedPath, PackageScopes, splitSpecifier, type PackageScope } from "./package-scopes.ts";
import { isLent, isShared } from "./packages.ts";
import { TsconfigPaths } from "./tsconfig-paths.ts";

/** Where an import leads: a local module (reloaded), a missing one, or a package (left to Node, never reloaded). */
export type Resolution =
  | {
      readonly kind: "local";
      /** The real file, with every symlink followed: its own imports are resolved relative to it, as in Node. */
      readonly file: string;
      /** The path that the import names. */
      readonly link: string;
      /** The files that would be meant instead, if they were there. */
      readonly preferred: readonly string[];
    }
  | { readonly kind: "missing"; readonly candidates: readonly string[] }
  | {
      readonly kind: "package";
      /** Where it is, if that is known. */
      readonly file?: string | undefined;
      /**
       * The files of which one would complete it, if it is not installed, or not completely, as in the middle of an install. Node must not be asked
       * for it then: it would remember the answer.
       */
      readonly awaited?: readonly string[] | undefined;
    };

/** One that exists, or is left to Node. */
export type ResolvedModule = Exclude<Resolution, { readonly kind: "missing" }>;

const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];

/** The names that tsc would emit, with the names of their sources. */
const written: readonly (readonly [emitted: RegExp, sources: readonly string[]])[] = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.jsx$/, [".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];

/**
 * Finds the modules of one load as TypeScript users write them: with `.ts`, with the `.js` that tsc would emit, or without an extension; by
 * the `paths` of their tsconfig.json, the `imports` of their package.json, or the name of a package of the workspace. A module is local if it
 * is not installed: if it is in no `node_modules` when links are followed.
 */
export class Resolver {
  readonly #packages = new PackageScopes();
  readonly #paths = new TsconfigPaths();
  readonly #manifests = new Set<string>();
  readonly #known: Map<string, Resolution>;

  /** @param known what another load has found: it is not looked for again */
  constructor(known: ReadonlyMap<string, Resolution> = new Map()) {
    this.#known = new Map(known);
  }

  /** What was found, by folder and specifier. */
  get known(): ReadonlyMap<string, Resolution> {
    return this.#known;
  }

  /** The package.json and tsconfig.json files that had an influence. */
  get consulted(): readonly string[] {
    return [...this.#manifests, ...this.#paths.read];
  }

  /** Why a name may not have been found although the `paths` of a tsconfig.json have it. */
  get unreadPaths(): string | undefined {
    return this.#paths.unread;
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
    // A Windows path is not valid in any import, and is not the name of a package either.
    if (/^\.{1,2}\\/.test(specifier)) return { kind: "missing", candidates: [] };
    const target = localPath(specifier, from);
    if (target !== undefined) return this.#locate(target);
    if (isShared(specifier)) return { kind: "package" };
    const absent: string[] = [];
    for (const candidate of this.#paths.candidates(specifier, from)) {
      const found = this.#locate(candidate);
      if (found.kind === "local") return { ...found, preferred: [...absent, ...found.preferred] };
      if (found.kind === "missing") absent.push(...found.candidates);
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
    if (scope === undefined)
      return { kind: "package", awaited: mayBeElsewhere(specifier) ? undefined : packageCandidates(specifier, from) };
    const target = exportedPath(scope, subpath);
    if (target === undefined) return { kind: "package" };
    const found = this.#locate(target);
    if (!isInstalled(scope.folder)) this.#consult(scope);
    else if (found.kind === "missing") return incomplete(scope, found.candidates);
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
    if (isInstalled(file) || file.endsWith(".node")) return { kind: "package", file };
    return { kind: "local", file, link, preferred: candidates.slice(0, candidates.indexOf(link)) };
  }

  /** The files that a path may mean, in order. If `a.js` and `a.ts` both exist, `a.ts` is meant: `a.js` is its compiled output. */
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

/** Whether Node may find a package that is in no `node_modules`: for `data:`, by Plug'n'Play or NODE_PATH, or because it is lent. */
function mayBeElsewhere(specifier: string): boolean {
  return specifier.includes(":") || process.versions["pnp"] !== undefined || Boolean(process.env["NODE_PATH"]) || isLent(specifier);
}

function incomplete({ folder }: PackageScope, candidates: readonly string[]): Resolution {
  // Only Node loads compiled addons.
  if (candidates.some((each) => isFile(each.replace(/\.js$/, ".node")))) return { kind: "package" };
  return { kind: "package", awaited: [path.join(folder, "package.json"), ...candidates] };
}

function isFile(file: string): boolean {
  return fileStats(file)?.isFile() === true;
}

/** Whether a file belongs to an installed package: such code is not the user's own, and changes only with an install. */
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
