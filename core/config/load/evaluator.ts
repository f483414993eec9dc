import { evaluating } from "../../contract/plugin/evaluating.ts";
import { Slices } from "../../contract/slices.ts";
import type { Compiled } from "../compile/compiler.ts";
import { Evaluation } from "./evaluation.ts";
import { importMeta } from "./import-meta.ts";
import { missingLate, MissingModule } from "./import-error.ts";
import { createLocalRequire, isModuleBuiltin, moduleBuiltin, type ModuleBuiltin } from "./local-require.ts";
import { ModuleCode } from "./module-code.ts";
import type { Linker, Target } from "./linker.ts";
import { placeSyntaxError } from "./package-fault.ts";
import { emptyNamespace, fill, namespaceOf } from "./namespace.ts";
import type { Packages } from "../resolve/packages.ts";
import type { ResolvedModule, Resolution } from "../resolve/resolve-module.ts";
import type { LoadedClasses } from "./type-info.ts";

/** One module of the load: evaluated once. */
interface Instance {
  readonly compiled: Compiled;
  readonly code: ModuleCode;
  readonly evaluation: Evaluation;
  namespace?: object;
}

/** The modules of a load, before any of them runs. */
export interface Modules {
  readonly packages: Packages;
  readonly classes: LoadedClasses;
  readonly linker: Linker;
  compiled(file: string): Compiled;
  /** Where a request leads; it has been checked already. */
  target(file: string, specifier: string): Target;
  /** Where a specifier leads that is only known at run time. */
  find(specifier: string, file: string): Resolution;
  /** Compiles a module and all that it names, and loads their packages. */
  gather(file: string): Promise<void>;
  /** @throws the error of a module, or of one that it imports */
  check(file: string): void;
  /** @throws an error if a module is not what its import says: it must not be evaluated as code */
  checkType(module: Compiled, request: { readonly specifier: string; readonly type: string | undefined }, target: Target): void;
  /** The digest that identifies plugins defined in a module. */
  origin(file: string): string;
  /** A module has loaded another one at run time. */
  reached(from: string, file: string): void;
}

/**
 * Evaluates linked modules as CommonJS outside `require.cache`: an ES module can never be unloaded (nodejs/node #49442), while these are
 * garbage as soon as their generation is. In ECMAScript's order: a module's imports are evaluated before it, and a top-level await is awaited.
 */
export class Evaluator {
  readonly #modules: Modules;
  readonly #instances = new Map<string, Instance>();
  /** The module whose code runs now. */
  #running: string | undefined;
  /** The end of the last walk through modules that has begun: there is only one at a time. */
  #walk: Promise<void> = Promise.resolve();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** Evaluates a module that was checked, and its imports before it, in slices; returns its namespace. */
  async evaluate(file: string): Promise<object> {
    const walk = this.#walk.then(() => this.#walked(file));
    this.#walk = walk.then(nothing, nothing);
    const { pending } = await walk;
    await pending;
    return this.#namespace(this.#instance(file));
  }

  /** Runs what can run now. */
  async #walked(file: string): Promise<{ readonly pending: Promise<void> | undefined }> {
    const slices = new Slices();
    // oxlint-disable no-await-in-loop -- one after the other, so that open connections have a turn in between
    for (const each of this.#needed(file)) {
      await each.code.link();
      await slices.step();
    }
    const steps = this.#instance(file).evaluation.evaluate();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) if (slices.isUsedUp) await slices.step();
    // oxlint-enable no-await-in-loop
    return { pending: step.value };
  }

  /** The `require` of a file. */
  requireFrom(file: string): NodeJS.Require {
    return createLocalRequire(file, {
      packages: this.#modules.packages,
      find: (specifier) => this.#found(specifier, file, "MODULE_NOT_FOUND"),
      evaluate: (local) => this.#required(local, file),
      builtin: () => this.moduleBuiltin(),
    });
  }

  /** `node:module`, whose `createRequire` finds local modules. */
  moduleBuiltin(): ModuleBuiltin {
    return moduleBuiltin((file) => this.requireFrom(file));
  }

  #found(specifier: string, from: string, code: "MODULE_NOT_FOUND" | "ERR_MODULE_NOT_FOUND"): ResolvedModule {
    const found = this.#modules.find(specifier, from);
    if (found.kind === "local" || (found.kind === "package" && found.awaited === undefined)) return found;
    throw new MissingModule(this.#instances.get(from)?.compiled, from, specifier, code);
  }

  /** A module and all that it imports, directly or not, as far as they are not evaluated. */
  #needed(file: string): Set<Instance> {
    const needed = new Set([this.#instance(file)]);
    for (const { compiled } of needed) for (const each of this.#importsOf(compiled)) if (!each.evaluation.isEvaluated) needed.add(each);
    return needed;
  }

  #importsOf({ file, record }: Compiled): Instance[] {
    return record.requests.flatMap(({ specifier }) => {
      const target = this.#modules.target(file, specifier);
      return "file" in target ? [this.#instance(target.file)] : [];
    });
  }

  #instance(file: string): Instance {
    const known = this.#instances.get(file);
    if (known !== undefined) return known;
    const compiled = this.#modules.compiled(file);
    const code = new ModuleCode(
      compiled,
      (specifier) => this.#imported(specifier, file),
      () => ({
        require: this.requireFrom(file),
        meta: importMeta(file, (specifier) => this.#urlOf(specifier, file)),
        load: (specifier, options) => this.#load(specifier, compiled, options),
      }),
    );
    const evaluation = new Evaluation({
      imports: () => this.#importsOf(compiled).map((each) => each.evaluation),
      awaits: compiled.record.awaits,
      execute: () => this.#execute(instance),
    });
    const instance: Instance = { compiled, code, evaluation };
    this.#instances.set(file, instance);
    return instance;
  }

  #urlOf(specifier: string, from: string): string {
    const found = this.#found(specifier, from, "ERR_MODULE_NOT_FOUND");
    return this.#modules.packages.resolve(specifier, from, found.file);
  }

  #execute(instance: Instance): unknown {
    const { compiled, code } = instance;
    this.#checkLate(compiled);
    const result = this.#run(compiled.file, () => code.execute());
    if (compiled.format !== "module") fill(this.#namespace(instance), code.exports);
    return result;
  }

  #run(file: string, body: () => unknown): unknown {
    const outer = this.#running;
    this.#running = file;
    try {
      return this.#modules.classes.during(() => evaluating(() => this.#modules.origin(file), body));
    } finally {
      this.#running = outer;
    }
  }

  /** The names of CommonJS are known once it is evaluated. */
  #checkLate(compiled: Compiled): void {
    for (const { specifier } of compiled.record.requests) {
      const target = this.#modules.target(compiled.file, specifier);
      if (!("file" in target)) continue;
      const other = this.#instance(target.file);
      if (other.compiled.format === "module") continue;
      const namespace = this.#namespace(other);
      // In a circle it does not have all of them yet.
      if (!other.evaluation.isEvaluated) fill(namespace, other.code.exports);
      const absent = other.evaluation.isEvaluated ? missingLate(compiled, specifier, other.compiled, namespace) : undefined;
      if (absent !== undefined) throw absent;
    }
  }

  /** `import … from`. */
  #imported(specifier: string, from: string): unknown {
    const target = this.#modules.target(from, specifier);
    return "namespace" in target ? target.namespace : this.#namespace(this.#instance(target.file));
  }

  /** `require()` of a local module, which is found only now. */
  #required(file: string, from: string): unknown {
    this.#modules.check(file);
    // `createRequire` may have been given any path: the module that runs counts too.
    for (const each of new Set([from, this.#running ?? from])) this.#modules.reached(each, file);
    const instance = this.#instance(file);
    if (instance.evaluation.willAwait)
      throw Object.assign(new Error(`${file} awaits at its top level: import() it instead of require()`), {
        code: "ERR_REQUIRE_ASYNC_MODULE",
      });
    for (const each of this.#needed(file)) each.code.link();
    for (const _ of instance.evaluation.evaluate());
    return instance.compiled.format === "module" ? this.#namespace(instance) : instance.code.exports;
  }

  /** `import()`. */
  async #load(given: unknown, module: Compiled, options: unknown): Promise<unknown> {
    const { file: from } = module;
    const request = { specifier: String(given), type: typeIn(options) };
    const { specifier, type } = request;
    const resolution = this.#found(specifier, from, "ERR_MODULE_NOT_FOUND");
    if (resolution.kind === "package") return this.#loadPackage(specifier, from, type);
    const { file } = resolution;
    await this.#modules.gather(file);
    this.#modules.check(file);
    this.#modules.checkType(module, request, { file });
    this.#modules.reached(from, file);
    return this.evaluate(file);
  }

  async #loadPackage(specifier: string, from: string, type: string | undefined): Promise<unknown> {
    if (isModuleBuiltin(specifier)) return this.moduleBuiltin();
    try {
      return await this.#modules.packages.load(specifier, from, type);
    } catch (error) {
      placeSyntaxError(specifier, from, error);
      throw error;
    }
  }

  #namespace(instance: Instance): object {
    const { compiled, code } = instance;
    if (instance.namespace !== undefined) return instance.namespace;
    if (compiled.format !== "module") return (instance.namespace = emptyNamespace());
    const valueOf = (target: Target, name: string): unknown => {
      if ("namespace" in target) return name === "*" ? target.namespace : (target.namespace as Record<string, unknown>)[name];
      const other = this.#instance(target.file);
      if (name === "*") return this.#namespace(other);
      return ((other.compiled.format === "module" ? other.code.exports : this.#namespace(other)) as Record<string, unknown>)[name];
    };
    instance.namespace = namespaceOf(compiled, code.exports as object, this.#modules.linker, valueOf);
    return instance.namespace;
  }
}

function nothing(): void {}

/** The attribute `type` in the second parameter of an `import()`. */
function typeIn(options: unknown): string | undefined {
  const { with: attributes } = (options ?? {}) as { readonly with?: { readonly type?: string } };
  return attributes?.type;
}
