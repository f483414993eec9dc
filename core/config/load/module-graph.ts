import { createHash } from "node:crypto";
import path from "node:path";
import { Slices } from "../../contract/slices.ts";
import type { Compiled, Compiler } from "../compile/compiler.ts";
import type { Request } from "../compile/module-uses.ts";
import type { ConfigSnapshot } from "./config-snapshot.ts";
import { Evaluator, type Modules } from "./evaluator.ts";
import { GraphFiles } from "./graph-files.ts";
import { failedPackage, missingModule, unlinkedName, wrongType } from "./import-error.ts";
import { isModuleBuiltin } from "./local-require.ts";
import { Linker, type Target } from "./linker.ts";
import type { Packages } from "../resolve/packages.ts";
import { withRealNames } from "./namespace.ts";
import { notComplete } from "../resolve/packages.ts";
import { packageCandidates, Resolver, type Resolution } from "../resolve/resolve-module.ts";
import { LoadedClasses } from "./type-info.ts";

/** A package's namespace, or why it did not load. */
type PackageResult = { readonly namespace: object } | { readonly error: unknown };

/** The modules of one load: gathered, then linked, then evaluated. */
export class ModuleGraph implements Modules {
  readonly files = new GraphFiles();
  readonly sources = new Map<string, Compiled>();
  readonly classes = new LoadedClasses();
  readonly packages: Packages;
  readonly linker = new Linker(this.sources, (file, specifier) => this.target(file, specifier));
  readonly #compiler: Compiler;
  readonly #resolver: Resolver;
  readonly #evaluator = new Evaluator(this);
  readonly #loaded = new Map<string, PackageResult>();
  readonly #checked = new Set<string>();
  readonly #origins = new Map<string, string>();
  /** The modules that each module has loaded at run time, by a specifier that its text may not tell. */
  readonly #reached = new Map<string, Set<string>>();
  #folder = "";
  /** Told of each module that is loaded at run time and is not known from the text of the one that loads it, with its hash. */
  onLate: ((file: string, hash: string | undefined) => void) | undefined;

  /** @param known where imports lead, if another load has found it */
  constructor(compiler: Compiler, packages: Packages, known?: ReadonlyMap<string, Resolution>) {
    this.#compiler = compiler;
    this.packages = packages;
    this.#resolver = new Resolver(known);
  }

  /** A snapshot of what it has read, for another process. @param entry a real file */
  snapshot(entry: string): ConfigSnapshot {
    return { entry, modules: [...this.sources.values()], resolutions: this.#resolver.known };
  }

  /**
   * Compiles and links the entry and every local module that it imports, and loads their packages. Nothing local is evaluated yet.
   *
   * @param entry a real file
   * @param link the path that led to it
   */
  async prepare(entry: string, link: string): Promise<void> {
    this.#folder = path.dirname(entry);
    this.files.follow(link, entry);
    try {
      await this.gather(entry);
      this.check(entry);
    } finally {
      this.#consult();
    }
  }

  /** Evaluates the entry; returns its exports. */
  async run(entry: string): Promise<object> {
    try {
      return await this.#evaluator.evaluate(entry);
    } finally {
      this.#consult();
    }
  }

  /** A problem of one of them is not an error yet: the module may be named in a branch that never runs. */
  async gather(entry: string): Promise<void> {
    const wanted = new Map<string, { specifier: string; from: string; type: string | undefined }>();
    const queue = new Set([entry]);
    const slices = new Slices();
    for (const file of queue) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that open connections have a turn in between
      await slices.step();
      const compiled = this.#tryCompile(file);
      const requests = new Map(compiled?.record.requests.map((request) => [request.specifier, request]));
      for (const specifier of compiled?.specifiers ?? []) {
        const found = this.find(specifier, file);
        if (found.kind === "local") queue.add(found.file);
        const request = requests.get(specifier);
        if (found.kind === "package" && request !== undefined)
          wanted.set(packageKey(specifier, file), { specifier, from: file, type: request.type });
      }
    }
    for (const key of this.#loaded.keys()) wanted.delete(key);
    await Promise.all(
      [...wanted].map(async ([key, { specifier, from, type }]) => this.#loaded.set(key, await this.#loadPackage(specifier, from, type))),
    );
  }

  /** @throws SLUICE_CONFIG_SYNTAX, SLUICE_CONFIG_IMPORT for a module or one of its imports, the innermost first */
  check(entry: string): void {
    const seen = new Set(this.#checked);
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const module = this.compiled(file);
      for (const request of module.record.requests) {
        const target = this.target(file, request.specifier);
        if ("file" in target) visit(target.file);
        this.checkType(module, request, target);
      }
      const unlinked = this.linker.unlinked(module);
      if (unlinked !== undefined) throw unlinkedName(unlinked, this.#namesOf(this.target(file, unlinked.taken.specifier)));
    };
    visit(entry);
    for (const file of seen) this.#checked.add(file);
  }

  /** A package's module has been imported by Node with the attribute, which has checked it. @throws SLUICE_CONFIG_IMPORT */
  checkType(module: Compiled, request: Pick<Request, "specifier" | "type">, target: Target): void {
    const { type } = request;
    if (type === undefined || (type === "json" && ("namespace" in target || this.compiled(target.file).format === "json"))) return;
    throw wrongType(module, request);
  }

  find(specifier: string, file: string): Resolution {
    const found = this.#resolver.resolve(specifier, file);
    if (found.kind === "local") {
      this.files.follow(found.link, found.file);
      this.files.await(found.preferred);
    } else this.files.await(found.kind === "missing" ? found.candidates : (found.awaited ?? []));
    return found;
  }

  target(file: string, specifier: string): Target {
    const found = this.find(specifier, file);
    if (found.kind === "local") return { file: found.file };
    const from = this.compiled(file);
    if (found.kind === "missing") throw missingModule(from, specifier);
    const result = this.#loaded.get(packageKey(specifier, file)) ?? { error: new Error("it was not loaded") };
    if ("error" in result) throw failedPackage(from, specifier, result.error, this.#resolver.unreadPaths);
    return result;
  }

  compiled(file: string): Compiled {
    const known = this.sources.get(file);
    if (known !== undefined) return known;
    // Added before it is compiled, so that a broken file is watched too.
    this.files.paths.add(file);
    const read = this.#compiler.read(file);
    this.files.wasRead(file, read.hash);
    const compiled = this.#compiler.compile(read);
    this.sources.set(file, compiled);
    return compiled;
  }

  reached(from: string, file: string): void {
    const reached = this.#reached.get(from) ?? new Set();
    if (reached.has(file)) return;
    const isKnown = this.#codeOf(from).includes(file);
    this.#reached.set(from, reached.add(file));
    this.#origins.clear();
    if (!isKnown) for (const each of this.#codeOf(file)) this.onLate?.(each, this.files.hashOf(each));
  }

  /** The digest of a module's path in the config's folder and its text, and of every local module that it has imported or loaded, directly or not. */
  origin(file: string): string {
    const known = this.#origins.get(file);
    if (known !== undefined) return known;
    // Relative to the folder, since that is another one after each swap of a Kubernetes ConfigMap.
    const within = (each: string): string => path.relative(this.#folder, each);
    const hash = createHash("sha256").update(within(file));
    for (const each of this.#codeOf(file)) hash.update(`\0${within(each)}\0${this.sources.get(each)?.hash}`);
    const origin = hash.digest("base64");
    this.#origins.set(file, origin);
    return origin;
  }

  /** A module and every local module that it leads to, in order of name. */
  #codeOf(file: string): string[] {
    const files = new Set([file]);
    for (const each of files) {
      for (const specifier of this.sources.get(each)?.specifiers ?? []) {
        const target = this.find(specifier, each);
        if (target.kind === "local") files.add(target.file);
      }
      for (const late of this.#reached.get(each) ?? []) files.add(late);
    }
    return [...files].toSorted();
  }

  #tryCompile(file: string): Compiled | undefined {
    try {
      return this.compiled(file);
    } catch {
      // Reported by `check`, if the module is imported.
      return undefined;
    }
  }

  #namesOf(target: Target): string[] {
    return "file" in target ? this.linker.exportNames(target.file) : Object.keys(target.namespace);
  }

  async #loadPackage(specifier: string, from: string, type: string | undefined): Promise<PackageResult> {
    if (isModuleBuiltin(specifier)) return { namespace: this.#evaluator.moduleBuiltin() };
    const found = this.find(specifier, from);
    const [manifest] = found.kind === "package" ? (found.awaited ?? []) : [];
    if (manifest !== undefined) return { error: notComplete(specifier, manifest) };
    try {
      return { namespace: withRealNames((await this.packages.load(specifier, from, type)) as object) };
    } catch (error) {
      this.files.await(packageCandidates(specifier, from));
      return { error };
    }
  }

  /** The files that decide where modules are found are watched like modules. */
  #consult(): void {
    for (const file of this.#resolver.consulted) this.files.paths.add(file);
  }
}

function packageKey(specifier: string, from: string): string {
  return `${path.dirname(from)}\0${specifier}`;
}
