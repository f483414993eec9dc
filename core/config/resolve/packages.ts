import { existsSync } from "node:fs";
import { isBuiltin, Module, createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

type Import = (specifier: string, options?: ImportCallOptions) => Promise<unknown>;

/** Members of Module that Node does not document, but that common loaders rely on. */
interface OpenModule {
  exports: unknown;
  filename: string;
  _compile(code: string, file: string): void;
}

const own = createRequire(import.meta.url);

/** Whether there must be only one copy of a package in the process: Sluice recognises plugins, and tsyringe keeps injections, by module state. */
export function isShared(specifier: string): boolean {
  return specifier === "sluice" || specifier.startsWith("sluice/") || specifier === "tsyringe" || specifier === "reflect-metadata";
}

/** Packages that a plugin needs and that a folder without node_modules may take from this package. */
const lent = new Set(["rxjs", "rxjs/operators", "zod"]);

/** Whether this package gives the specifier to folders that do not have it. */
export function isLent(specifier: string): boolean {
  return lent.has(specifier);
}

/** Whether the specifier names the running package itself. */
export function isSluice(specifier: string): boolean {
  return specifier === "sluice" || specifier.startsWith("sluice/");
}

/**
 * Imports packages like the user's files: resolved from their folder, with the instances that this process shares. Packages are not reloaded.
 * `sluice`, `sluice/*` and tsyringe are always the running ones.
 */
export class Packages {
  readonly #imports = new Map<string, Import>();

  /** @param type the import attribute `type`, which Node checks */
  async load(specifier: string, from: string, type?: string): Promise<unknown> {
    if (isShared(specifier)) return imported((name, options) => import(name, options), import.meta.resolve(specifier), type);
    try {
      const isWhole = specifier.startsWith("file:") || isBuiltin(specifier);
      return await imported(this.#importFrom(path.dirname(from)), isWhole ? specifier : absolute(specifier, from), type);
    } catch (error) {
      if (isLent(specifier) && isNotFound(error)) return import(import.meta.resolve(specifier));
      throw error;
    }
  }

  /** For an import whose name is only known at run time. */
  require(specifier: string, from: string): unknown {
    return isShared(specifier) ? own(fileURLToPath(import.meta.resolve(specifier))) : createRequire(from)(specifier);
  }

  /** @throws MODULE_NOT_FOUND */
  requireResolve(specifier: string, from: string, options?: NodeJS.RequireResolveOptions): string {
    return isShared(specifier) ? fileURLToPath(import.meta.resolve(specifier)) : createRequire(from).resolve(specifier, options);
  }

  /**
   * The URL of the module that `load` would import.
   *
   * @param known where the module is, if that is known
   * @throws ERR_MODULE_NOT_FOUND
   */
  resolve(specifier: string, from: string, known?: string): string {
    if (isShared(specifier)) return import.meta.resolve(specifier);
    if (known !== undefined) return pathToFileURL(known).href;
    try {
      return pathToFileURL(createRequire(from).resolve(specifier)).href;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (isLent(specifier)) return import.meta.resolve(specifier);
      throw notFound(`Cannot find package '${specifier}' imported from ${from}`);
    }
  }

  // A module compiled *as if at the user's folder*: import() in it resolves from there. Node has no public way to name the importer.
  #importFrom(folder: string): Import {
    const known = this.#imports.get(folder);
    if (known !== undefined) return known;
    const file = path.join(folder, "sluice-import.cjs");
    const module = new Module(file) as unknown as OpenModule;
    module.filename = file;
    module._compile("module.exports = (specifier, options) => import(specifier, options)", file);
    this.#imports.set(folder, module.exports as Import);
    return module.exports as Import;
  }
}

/** Imports a module. JSON needs an import attribute in Node; here it may be left out, as for local files. */
async function imported(load: Import, specifier: string, type: string | undefined): Promise<unknown> {
  if (type !== undefined) return load(specifier, { with: { type } });
  try {
    return await load(specifier);
  } catch (error) {
    if (!needsAttribute(error)) throw error;
    return load(specifier, { with: { type: "json" } });
  }
}

/** Node 20 has another name for it than later versions. */
function needsAttribute(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^ERR_IMPORT_(ATTRIBUTE|ASSERTION_TYPE)_MISSING$/.test(String(error.code));
}

function absolute(specifier: string, from: string): string {
  return /^\.{0,2}\//.test(specifier) ? path.resolve(path.dirname(from), specifier) : specifier;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND");
}

function notFound(reason: string): Error {
  return Object.assign(new Error(reason), { code: "ERR_MODULE_NOT_FOUND" });
}

/** The error for a package that is not completely installed. */
export function notComplete(specifier: string, manifest: string): Error {
  const isThere = existsSync(manifest);
  return notFound(isThere ? `the module that ${manifest} names does not exist` : `Cannot find package '${specifier}': no ${manifest}`);
}
