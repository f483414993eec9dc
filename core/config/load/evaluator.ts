import { Module } from "node:module";
import path from "node:path";
import { evaluating } from "../../contract/plugin/evaluating.ts";
import { Slices } from "../../contract/slices.ts";
import type { Compiled } from "../compile/compiler.ts";
import { evaluationOrder } from "./evaluation-order.ts";
import { importMeta } from "./import-meta.ts";
import { missingLate, MissingModule } from "./import-error.ts";
import { createLocalRequire, isModuleBuiltin, moduleBuiltin, type ModuleBuiltin } from "./local-require.ts";
import type { Linker, Target } from "./linker.ts";
import { asNamespace, namespaceOf } from "./namespace.ts";
import type { Packages } from "../resolve/packages.ts";
import type { ResolvedModule, Resolution } from "../resolve/resolve-module.ts";
import { engineSyntaxError } from "../explain/syntax-error.ts";
import type { LoadedClasses } from "./type-info.ts";

/** Module with members that Node does not document; jiti, tsx and pirates rely on the same. */
interface OpenModule {
  exports: unknown;
  filename: string;
  paths: string[];
  /** The function that the translated code sets. */
  body?: (...parameters: unknown[]) => unknown;
  require(specifier: string): unknown;
  _compile(code: string, file: string, format: "commonjs"): void;
}
const open = Module as unknown as { new (file: string): OpenModule; _nodeModulePaths(folder: string): string[] };

/** One module of the load: evaluated once. */
interface Instance {
  readonly compiled: Compiled;
  readonly module: OpenModule;
  state: "linked" | "evaluating" | "evaluated" | "failed";
  error?: unknown;
  /** Set while it awaits. */
  pending?: Promise<void> | undefined;
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

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** Evaluates a module that was checked, and its imports before it, in slices; returns its namespace. */
  async evaluate(file: string): Promise<object> {
    const slices = new Slices();
    for (const each of this.#inOrder(file)) {
      await slices.step();
      await this.#begin(each);
    }
    return this.#namespace(this.#instance(file));
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

  #inOrder(file: string): Instance[] {
    const order = evaluationOrder(file, {
      of: (from) =>
        this.#instance(from).compiled.record.requests.flatMap(({ specifier }) => {
          const target = this.#modules.target(from, specifier);
          return "file" in target && this.#instance(target.file).state !== "evaluated" ? [target.file] : [];
        }),
      awaits: (from) => this.#instance(from).compiled.record.awaits,
    });
    return order.map((each) => this.#instance(each));
  }

  #instance(file: string): Instance {
    const known = this.#instances.get(file);
    if (known !== undefined) return known;
    const compiled = this.#modules.compiled(file);
    const module = new open(file);
    module.filename = file;
    module.paths = open._nodeModulePaths(path.dirname(file));
    if (compiled.format === "module") module.exports = Object.create(null);
    // In translated code this is an import; an author's own `require` has another name there.
    module.require = (specifier) => this.#imported(specifier, compiled);
    const instance: Instance = { compiled, module, state: "linked" };
    this.#instances.set(file, instance);
    return instance;
  }

  #urlOf(specifier: string, from: string): string {
    const found = this.#found(specifier, from, "ERR_MODULE_NOT_FOUND");
    return this.#modules.packages.resolve(specifier, from, found.file);
  }

  /** Evaluates a module unless that has begun. @returns a promise if it awaits */
  #begin(instance: Instance): Promise<void> | undefined {
    if (instance.state === "failed") throw instance.error;
    if (instance.state !== "linked") return instance.pending;
    instance.state = "evaluating";
    const fail = (error: unknown): never => {
      Object.assign(instance, { state: "failed", error, pending: undefined });
      throw error;
    };
    const finish = (): void => void Object.assign(instance, { state: "evaluated", pending: undefined });
    try {
      const result = this.#execute(instance);
      if (instance.compiled.record.awaits && result instanceof Promise) return (instance.pending = result.then(finish, fail));
    } catch (error) {
      fail(error);
    }
    finish();
    return undefined;
  }

  #execute({ compiled, module }: Instance): unknown {
    const { file, source, code, format } = compiled;
    if (format === "json") {
      module.exports = JSON.parse(code);
      return undefined;
    }
    const { classes } = this.#modules;
    try {
      // The format is given, since Node would otherwise look for ES module syntax and load the code as an ES module, for ever.
      module._compile(code, file, "commonjs");
    } catch (error) {
      throw engineSyntaxError(file, source, code, error) ?? error;
    }
    const require = this.requireFrom(file);
    const load = (specifier: unknown, options?: unknown): Promise<unknown> => this.#load(specifier, compiled, options);
    const body = (): unknown =>
      format === "module"
        ? (
            module.body?.(
              require,
              importMeta(file, (specifier) => this.#urlOf(specifier, file)),
              load,
            ) as (() => unknown) | undefined
          )?.()
        : module.body?.call(module.exports, module.exports, require, module, file, path.dirname(file), load);
    const outer = this.#running;
    this.#running = file;
    try {
      return classes.during(() => evaluating(() => this.#modules.origin(file), body));
    } finally {
      this.#running = outer;
    }
  }

  /** `import … from`: the module was found, linked and evaluated before; in a circle it is evaluated now. */
  #imported(specifier: string, from: Compiled): unknown {
    const target = this.#modules.target(from.file, specifier);
    if ("namespace" in target) return target.namespace;
    const instance = this.#instance(target.file);
    this.#beginNow(instance);
    const namespace = this.#namespace(instance);
    const absent = instance.state === "evaluated" ? missingLate(from, specifier, instance.compiled, namespace) : undefined;
    if (absent !== undefined) throw absent;
    return namespace;
  }

  /** `require()` of a local module, which is found only now. */
  #required(file: string, from: string): unknown {
    this.#modules.check(file);
    // `createRequire` may have been given any path: the module that runs counts too.
    for (const each of new Set([from, this.#running ?? from])) this.#modules.reached(each, file);
    const instance = this.#instance(file);
    this.#beginNow(instance);
    return instance.compiled.format === "module" ? this.#namespace(instance) : instance.module.exports;
  }

  #beginNow(instance: Instance): void {
    const pending = instance.state === "linked" ? this.#begin(instance) : undefined;
    if (instance.state === "failed") throw instance.error;
    if (pending === undefined) return;
    pending.catch(() => undefined);
    throw Object.assign(new Error(`${instance.compiled.file} awaits at its top level: import() it instead of require()`), {
      code: "ERR_REQUIRE_ASYNC_MODULE",
    });
  }

  /** `import()`. */
  async #load(given: unknown, module: Compiled, options: unknown): Promise<unknown> {
    const { file: from } = module;
    const request = { specifier: String(given), type: typeIn(options) };
    const { specifier, type } = request;
    const resolution = this.#found(specifier, from, "ERR_MODULE_NOT_FOUND");
    if (resolution.kind === "package")
      return isModuleBuiltin(specifier) ? this.moduleBuiltin() : this.#modules.packages.load(specifier, from, type);
    const { file } = resolution;
    await this.#modules.gather(file);
    this.#modules.check(file);
    this.#modules.checkType(module, request, { file });
    this.#modules.reached(from, file);
    return this.evaluate(file);
  }

  #namespace(instance: Instance): object {
    if (instance.namespace !== undefined) return instance.namespace;
    const { compiled, module, state } = instance;
    if (compiled.format !== "module") {
      const namespace = asNamespace(module.exports);
      // CommonJS in a circle does not have all of its exports yet.
      if (state === "evaluated") instance.namespace = namespace;
      return namespace;
    }
    const valueOf = (target: Target, name: string): unknown => {
      if ("namespace" in target) return name === "*" ? target.namespace : (target.namespace as Record<string, unknown>)[name];
      const other = this.#instance(target.file);
      if (name === "*") return this.#namespace(other);
      return ((other.compiled.format === "module" ? other.module.exports : this.#namespace(other)) as Record<string, unknown>)[name];
    };
    instance.namespace = namespaceOf(compiled, module.exports as object, this.#modules.linker, valueOf);
    return instance.namespace;
  }
}

/** The attribute `type` in the second parameter of an `import()`. */
function typeIn(options: unknown): string | undefined {
  const { with: attributes } = (options ?? {}) as { readonly with?: { readonly type?: string } };
  return attributes?.type;
}
