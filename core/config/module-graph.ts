import { createHash } from "node:crypto";
import { Module } from "node:module";
import path from "node:path";
import { evaluating } from "../contract/evaluating.ts";
import type { Compiled, Compiler } from "./compiler.ts";
import { hashBehind } from "./content-hash.ts";
import { importMeta } from "./import-meta.ts";
import { failedPackage, missingModule, missingName } from "./import-error.ts";
import { isSluice, type Packages } from "./packages.ts";
import { packageCandidate, resolveModule } from "./resolve-module.ts";
import { engineSyntaxError } from "./syntax-error.ts";
import { LoadedClasses } from "./type-info.ts";

/** Module with what Node does not document; jiti, tsx and pirates rest on the same. */
interface OpenModule {
  exports: unknown;
  filename: string;
  paths: string[];
  /** What `import.meta` is compiled to. */
  meta: ImportMeta;
  require(specifier: string): unknown;
  _compile(code: string, file: string, format: "commonjs"): void;
}
const open = Module as unknown as { new (file: string): OpenModule; _nodeModulePaths(folder: string): string[] };

/** A package's namespace, or why it did not load. */
type PackageResult = { readonly namespace: object } | { readonly error: unknown };

/**
 * The modules of one load. They are evaluated as CommonJS outside `require.cache`: an ES module can never be unloaded
 * (nodejs/node #49442), while these are garbage once the generation is.
 */
export class ModuleGraph {
  /** Every local file, and the places where a missing one may appear. */
  readonly files = new Set<string>();
  readonly compiled = new Map<string, Compiled>();
  readonly classes = new LoadedClasses();
  readonly #compiler: Compiler;
  readonly #packages: Packages;
  readonly #modules = new Map<string, OpenModule>();
  readonly #loaded = new Map<string, PackageResult>();
  readonly #origins = new Map<string, string>();
  readonly #hashes = new Map<string, string>();
  /** The real file behind each symlink that was followed. */
  readonly #links = new Map<string, string>();
  #folder = "";

  constructor(compiler: Compiler, packages: Packages) {
    this.#compiler = compiler;
    this.#packages = packages;
  }

  /** Of every local file that was read, also of one that does not compile, by every path that led to it. */
  get hashes(): ReadonlyMap<string, string> {
    const linked = Array.from(this.#links, ([link, file]) => [link, hashBehind(this.#hashes.get(file) ?? "", link, file)] as const);
    return new Map([...this.#hashes, ...linked]);
  }

  /**
   * Compiles the entry and every local module it leads to, and loads their packages. Nothing local is evaluated yet.
   *
   * @param entry a real file
   * @param link the path that led to it
   */
  async prepare(entry: string, link: string): Promise<void> {
    this.#folder = path.dirname(entry);
    this.#follow(link, entry);
    const wanted = new Map<string, { specifier: string; from: string }>();
    const queue = [entry];
    for (const file of queue) {
      if (this.compiled.has(file)) continue;
      for (const specifier of this.#compile(file).specifiers) {
        const target = resolveModule(specifier, file);
        if (target.kind === "local") queue.push(this.#follow(target.link, target.file));
        // Not an error yet: the text may only look like an import, or stand in a branch that never runs.
        else if (target.kind === "missing") for (const candidate of target.candidates) this.files.add(candidate);
        else wanted.set(packageKey(specifier, file), { specifier, from: file });
      }
    }
    await Promise.all(
      [...wanted].map(async ([key, { specifier, from }]) => this.#loaded.set(key, await this.#loadPackage(specifier, from))),
    );
  }

  /** Evaluates the entry, which alone may use top-level await; gives its exports. */
  async run(entry: string): Promise<unknown> {
    const compiled = this.#compile(entry);
    if (compiled.format !== "module") return { default: this.#evaluate(entry) };
    const module = this.#module(compiled);
    const wrapped = `module.done = (async () => {${compiled.code}\n})()`;
    this.#execute(compiled, module, wrapped);
    await (module as unknown as { done: Promise<void> }).done;
    return module.exports;
  }

  async #loadPackage(specifier: string, from: string): Promise<PackageResult> {
    try {
      return { namespace: (await this.#packages.load(specifier, from)) as object };
    } catch (error) {
      this.files.add(packageCandidate(specifier, from));
      return { error };
    }
  }

  /** A link is watched beside the file that it leads to. */
  #follow(link: string, file: string): string {
    if (link !== file) this.#links.set(link, file);
    this.files.add(link);
    return file;
  }

  #compile(file: string): Compiled {
    const known = this.compiled.get(file);
    if (known !== undefined) return known;
    // Before it is compiled: a broken file is watched too.
    this.files.add(file);
    const read = this.#compiler.read(file);
    this.#hashes.set(file, read.hash);
    const compiled = this.#compiler.compile(read);
    this.compiled.set(file, compiled);
    return compiled;
  }

  #module(compiled: Compiled): OpenModule {
    const module = new open(compiled.file);
    module.filename = compiled.file;
    module.paths = open._nodeModulePaths(path.dirname(compiled.file));
    module.meta = importMeta(compiled.file, this.#packages);
    module.require = (specifier) => this.#require(specifier, compiled);
    this.#modules.set(compiled.file, module);
    return module;
  }

  #execute(compiled: Compiled, module: OpenModule, code: string): void {
    try {
      // Said to be CommonJS, else Node would look for the syntax of ES modules and load it as one, for ever.
      this.classes.during(() => evaluating(this.#origin(compiled.file), () => module._compile(code, compiled.file, "commonjs")));
    } catch (error) {
      throw engineSyntaxError(compiled.file, compiled.source, compiled.code, error) ?? error;
    }
  }

  #evaluate(file: string): unknown {
    const known = this.#modules.get(file);
    if (known !== undefined) return known.exports;
    const compiled = this.#compile(file);
    const module = this.#module(compiled);
    this.#execute(compiled, module, compiled.code);
    return module.exports;
  }

  #require(specifier: string, from: Compiled): unknown {
    const target = resolveModule(specifier, from.file);
    if (target.kind === "missing") {
      for (const candidate of target.candidates) this.files.add(candidate);
      throw missingModule(from, specifier);
    }
    if (target.kind === "local") {
      const exports = this.#evaluate(this.#follow(target.link, target.file));
      return from.format === "module" && this.#compile(target.file).format !== "module" ? asNamespace(exports) : exports;
    }
    return this.#requirePackage(specifier, from);
  }

  #requirePackage(specifier: string, from: Compiled): unknown {
    const result = from.format === "commonjs" ? undefined : this.#loaded.get(packageKey(specifier, from.file));
    if (result === undefined) return this.#packages.require(specifier, from.file);
    if ("error" in result) throw failedPackage(from, specifier, result.error);
    const absent = isSluice(specifier) ? missingName(from, specifier, result.namespace) : undefined;
    if (absent !== undefined) throw absent;
    return result.namespace;
  }

  /** The digest of a module's path in the config's folder and its text, and of every local module that it leads to. */
  #origin(file: string): string {
    const known = this.#origins.get(file);
    if (known !== undefined) return known;
    const reached = new Set([file]);
    for (const each of reached) {
      for (const specifier of this.compiled.get(each)?.specifiers ?? []) {
        const target = resolveModule(specifier, each);
        if (target.kind === "local") reached.add(target.file);
      }
    }
    // Within the folder, since that is another one after each swap of a Kubernetes ConfigMap.
    const within = (each: string): string => path.relative(this.#folder, each);
    const hash = createHash("sha256").update(within(file));
    for (const each of [...reached].toSorted()) hash.update(`\0${within(each)}\0${this.compiled.get(each)?.hash}`);
    const origin = hash.digest("base64");
    this.#origins.set(file, origin);
    return origin;
  }
}

function packageKey(specifier: string, from: string): string {
  return `${path.dirname(from)}\0${specifier}`;
}

/** CommonJS and JSON as an ES module sees them. */
function asNamespace(exports: unknown): unknown {
  return typeof exports === "object" ? { ...exports, default: exports } : { default: exports };
}
