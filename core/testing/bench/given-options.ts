import { isDeepStrictEqual } from "node:util";

/**
 * The options that a plugin was given, to see whether it changes them: a config may use the same object for another plugin, and compares it at the next
 * reload with what it was. Only plain objects and arrays count: a store or a client among the options may change.
 */
export class GivenOptions {
  readonly #before: unknown;

  constructor(private readonly options: unknown) {
    this.#before = copyOf(options);
  }

  /** What is wrong; undefined when nothing is. */
  get wrong(): string | undefined {
    return isDeepStrictEqual(this.#before, copyOf(this.options))
      ? undefined
      : "it changed the options that it was given: others may use the same object, and the next reload sees a change in it, so change a copy";
  }
}

function copyOf(value: unknown, seen = new Map<object, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const each of value) list.push(copyOf(each, seen));
    return list;
  }
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return value;
  const copy: Record<string, unknown> = {};
  seen.set(value, copy);
  for (const [key, each] of Object.entries(value)) copy[key] = copyOf(each, seen);
  return copy;
}
