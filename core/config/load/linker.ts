import type { Compiled } from "../compile/compiler.ts";
import type { ImportedName } from "../compile/module-record.ts";
import { declaresType } from "../compile/declared-types.ts";

/** Where a request leads: a local module, or the namespace of a package. */
export type Target = { readonly file: string } | { readonly namespace: object };

/** The origin of a name that a module exports; `*` is the whole namespace. */
export interface Binding {
  readonly target: Target;
  readonly name: string;
}

/** Why a name cannot be imported. */
export type ImportFailure = "missing" | "ambiguous" | "type";

/** A name that is imported, or exported from another module, and does not exist. */
export interface UnlinkedName {
  readonly module: Compiled;
  readonly taken: ImportedName;
  readonly reason: ImportFailure;
}

/**
 * Links the modules of one load by ECMAScript's rules (ECMA-262 §16.2.1.7: GetExportedNames, ResolveExport, InitializeEnvironment):
 * the origin of each name is found before anything is evaluated.
 */
export class Linker {
  readonly #modules: ReadonlyMap<string, Compiled>;
  readonly #target: (file: string, specifier: string) => Target;

  constructor(modules: ReadonlyMap<string, Compiled>, target: (file: string, specifier: string) => Target) {
    this.#modules = modules;
    this.#target = target;
  }

  /** The first name of a module that cannot be imported. A name that is only a type is no error in an `export from`, where types are allowed. */
  unlinked(module: Compiled): UnlinkedName | undefined {
    const { imports, exports } = module.record;
    for (const taken of imports) {
      const found = this.#follow(module, taken);
      if (typeof found === "string" && !taken.isMetadata) return { module, taken, reason: found };
    }
    for (const taken of exports.values()) {
      const found = taken === undefined ? undefined : this.#follow(module, taken);
      if (taken !== undefined && (found === "missing" || found === "ambiguous")) return { module, taken, reason: found };
    }
    return undefined;
  }

  /** The names that a namespace has, in its order. */
  exportNames(file: string): string[] {
    const names = this.#names({ file }, new Set()).filter((name) => typeof this.resolve(file, name) !== "string");
    return names.toSorted();
  }

  resolve(file: string, name: string): Binding | ImportFailure {
    return this.#resolve({ file }, name, new Set());
  }

  #follow({ file }: Compiled, { specifier, name }: ImportedName): Binding | ImportFailure {
    return this.#resolve(this.#target(file, specifier), name, new Set());
  }

  #names(target: Target, seen: Set<string>): string[] {
    if ("namespace" in target) return Object.keys(target.namespace);
    const module = this.#modules.get(target.file);
    if (module === undefined || seen.has(target.file)) return [];
    seen.add(target.file);
    const { exports, stars } = module.record;
    const others = stars.flatMap(({ specifier }) => this.#names(this.#target(target.file, specifier), seen));
    return [...new Set([...exports.keys(), ...others.filter((name) => name !== "default")])];
  }

  #resolve(target: Target, name: string, seen: Set<string>): Binding | ImportFailure {
    if (name === "*") return { target, name };
    if ("namespace" in target) return name in target.namespace ? { target, name } : "missing";
    const module = this.#modules.get(target.file);
    const step = `${target.file}\0${name}`;
    if (module === undefined || seen.has(step)) return "missing";
    seen.add(step);
    return this.#resolveIn(module, name, seen);
  }

  #resolveIn(module: Compiled, name: string, seen: Set<string>): Binding | ImportFailure {
    const { exports } = module.record;
    const own = { target: { file: module.file }, name };
    // The names of CommonJS are known only once it has been evaluated.
    if (module.format === "commonjs") return own;
    if (!exports.has(name)) return this.#throughStars(module, name, seen);
    const taken = exports.get(name);
    return taken === undefined ? own : this.#resolve(this.#target(module.file, taken.specifier), taken.name, seen);
  }

  #throughStars(module: Compiled, name: string, seen: Set<string>): Binding | ImportFailure {
    const targets = module.record.stars.map(({ specifier }) => this.#target(module.file, specifier));
    const found = name === "default" ? [] : targets.map((target) => this.#throughStar(target, name, seen));
    const [binding, ...others] = found.filter((each) => typeof each !== "string");
    if (found.includes("ambiguous") || others.some((other) => binding !== undefined && !isSame(binding, other))) return "ambiguous";
    return binding ?? (found.includes("type") || declaresType(module, name) ? "type" : "missing");
  }

  /** Resolves a name through `export *`: of CommonJS it has the names that can be seen in its text, as in Node. */
  #throughStar(target: Target, name: string, seen: Set<string>): Binding | ImportFailure {
    const module = "file" in target ? this.#modules.get(target.file) : undefined;
    const isWithout = module?.format === "commonjs" && !module.record.exports.has(name);
    return isWithout ? "missing" : this.#resolve(target, name, seen);
  }
}

function isSame(a: Binding, b: Binding): boolean {
  if ("file" in a.target && "file" in b.target) return a.target.file === b.target.file && a.name === b.name;
  // Packages may export the same thing again: which module declares it cannot be seen from outside.
  return "namespace" in a.target && "namespace" in b.target && valueOf(a.target.namespace, a.name) === valueOf(b.target.namespace, b.name);
}

function valueOf(namespace: object, name: string): unknown {
  return name === "*" ? namespace : (namespace as Record<string, unknown>)[name];
}
