import { hookNames, type Plugin } from "../contract/index.ts";
import { distance } from "../contract/options/nearest.ts";

const parts = [...hookNames, "setup", "inherit", "teardown", "progress"] as const satisfies readonly (keyof Plugin)[];

/** What a plugin's function or class made is used without asking again; one in JavaScript may make anything. @throws TypeError */
export function checkPlugin(plugin: Plugin): void {
  const given: unknown = plugin;
  if (given instanceof Promise) {
    // What it rejects with must not end the process besides.
    given.catch(() => undefined);
    throw new TypeError("it returned a promise and no hooks: what is asynchronous belongs into setup()");
  }
  if (typeof given !== "object" || given === null)
    throw new TypeError(`it returned ${given === null ? "null" : typeof given} and no hooks`);
  for (const part of parts) {
    const value: unknown = plugin[part] ?? undefined;
    if (value !== undefined && typeof value !== "function") throw new TypeError(`its ${part} must be a function, got ${typeof value}`);
  }
}

/**
 * A misspelt hook would silently do nothing. A plugin may have methods of its own: one is taken for a hook only when it is a slip or two of
 * the fingers from one that is not there.
 *
 * @throws TypeError
 */
export function checkSpelling(plugin: object): void {
  const missing = parts.filter((part) => !(part in plugin));
  for (const name of new Set(withPrototypes(plugin).flatMap(methodsOf))) {
    const meant = missing.find((part) => isMisspelt(name.toLowerCase(), part.toLowerCase()));
    if (meant !== undefined) throw new TypeError(`its ${name} is no hook, did you mean "${meant}"?`);
  }
}

/** An instance, and the prototypes of its class and of those that it extends. */
function withPrototypes(instance: object): object[] {
  const chain: object[] = [];
  for (let at: unknown = instance; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) chain.push(at as object);
  return chain;
}

/** Functions by name, the known parts of a plugin left out. A getter is not called. */
function methodsOf(object: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor" && !(parts as readonly string[]).includes(name))
    .map(([name]) => name);
}

/** A slip or two of the fingers, or `onConnect` and `onClient`, which is what somebody writes who means the hook. */
function isMisspelt(word: string, part: string): boolean {
  if (word === part || word === `on${part}` || word === `on${part.replace(/^from/, "")}`) return true;
  return !isDerived(word, part) && distance(word, part) <= (part.length < 8 ? 1 : 2);
}

/** `disconnect`, `connected` and `resolver` are words of their own; `connectt` is none. */
function isDerived(word: string, part: string): boolean {
  const at = word.indexOf(part);
  const [before, after] = [word.slice(0, at), word.slice(at + part.length)];
  return at >= 0 && `${before}${after}` !== "" && before !== part[0] && after !== part.at(-1);
}
