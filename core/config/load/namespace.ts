import { createRequire } from "node:module";
import type { Compiled } from "../compile/compiler.ts";
import type { Linker, Target } from "./linker.ts";

/** A namespace that has no names yet. */
export function emptyNamespace(): object {
  return named(Object.create(null) as object);
}

/** Gives CommonJS and JSON, as an ES module sees them, their values: the whole exports object is the default, as in Node, whatever `__esModule` says. */
export function fill(namespace: object, exports: unknown): void {
  const names = (typeof exports === "object" || typeof exports === "function") && exports !== null ? exports : {};
  const values = Object.entries({ ...names, default: exports });
  for (const [name, value] of values.toSorted(([a], [b]) => (a < b ? -1 : 1))) Object.assign(namespace, { [name]: value });
}

/**
 * The namespace of a package with all names that its CommonJS really has, in addition to those that Node could see in its text. So an import
 * works that Node refuses and that every compiler accepts.
 */
export function withRealNames(namespace: object): object {
  const whole: unknown = "default" in namespace ? namespace.default : undefined;
  if ((typeof whole !== "object" && typeof whole !== "function") || whole === null) return namespace;
  const hidden = Object.keys(whole).filter((name) => !(name in namespace));
  if (hidden.length === 0 || !isCommonJs(whole)) return namespace;
  const all = Object.create(namespace) as object;
  const valueOf = (name: string): unknown => (whole as Record<string, unknown>)[name];
  for (const name of hidden) Object.defineProperty(all, name, { enumerable: true, get: () => valueOf(name) });
  return all;
}

/** Every CommonJS module of a package is in the cache of `require`, also one that was imported. */
const { cache } = createRequire(import.meta.url);

function isCommonJs(exports: object): boolean {
  return Object.values(cache).some((module) => module?.exports === exports);
}

/**
 * The namespace of an ES module (ECMA-262 §10.4.6). The module's own exports object serves as one, since its bindings are live; only names that
 * come through `export *` have to be looked up, since CommonJS would take the first of two with the same name.
 */
export function namespaceOf(
  { file, record }: Compiled,
  exports: object,
  linker: Linker,
  valueOf: (target: Target, name: string) => unknown,
): object {
  if (record.stars.length === 0) return named(exports);
  const namespace = emptyNamespace();
  for (const name of linker.exportNames(file)) {
    const binding = linker.resolve(file, name);
    if (typeof binding === "string") continue;
    Object.defineProperty(namespace, name, { enumerable: true, get: () => valueOf(binding.target, binding.name) });
  }
  return namespace;
}

function named(namespace: object): object {
  return Object.defineProperty(namespace, Symbol.toStringTag, { value: "Module" });
}
