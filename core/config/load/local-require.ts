import * as builtin from "node:module";
import { fileURLToPath } from "node:url";
import type { Packages } from "../resolve/packages.ts";
import type { ResolvedModule } from "../resolve/resolve-module.ts";

/** What a `require` needs from its load. */
export interface RequireTools {
  readonly packages: Packages;
  /** @throws MODULE_NOT_FOUND */
  readonly find: (specifier: string) => ResolvedModule;
  /** Returns the exports of a local module. */
  readonly evaluate: (file: string) => unknown;
  readonly builtin: () => ModuleBuiltin;
}

/** The namespace of `node:module`. */
export interface ModuleBuiltin {
  readonly createRequire: (from: string | URL) => NodeJS.Require;
  readonly default: object;
}

export function isModuleBuiltin(specifier: string): boolean {
  return specifier === "module" || specifier === "node:module";
}

/** The `require` of a local file: like Node's, except that local modules are found and loaded like those of the config. */
export function createLocalRequire(file: string, { packages, find, evaluate, builtin: own }: RequireTools): NodeJS.Require {
  const require = (specifier: string): unknown => {
    const found = find(specifier);
    if (found.kind === "local") return evaluate(found.file);
    return isModuleBuiltin(specifier) ? own().default : packages.require(specifier, file);
  };
  const resolve = (specifier: string, options?: NodeJS.RequireResolveOptions): string => {
    const found = options === undefined ? find(specifier) : undefined;
    return found?.kind === "local" ? found.file : packages.requireResolve(specifier, file, options);
  };
  const paths = (specifier: string): string[] | null => builtin.createRequire(file).resolve.paths(specifier);
  const parts = { resolve: Object.assign(resolve, { paths }), cache: Object.create(null) as object, extensions: {}, main: undefined };
  return Object.assign(require, parts) as unknown as NodeJS.Require;
}

/** `node:module` for local files. */
export function moduleBuiltin(requireFrom: (file: string) => NodeJS.Require): ModuleBuiltin {
  const createRequire = (from: string | URL): NodeJS.Require =>
    requireFrom(from instanceof URL || from.startsWith("file:") ? fileURLToPath(from) : from);
  const get = (target: object, key: PropertyKey): unknown => (key === "createRequire" ? createRequire : Reflect.get(target, key));
  return Object.assign({}, builtin, { createRequire, default: new Proxy(builtin.Module, { get }) });
}
