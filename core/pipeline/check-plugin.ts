import type { Plugin } from "../contract/index.ts";
import { distance } from "../contract/options/nearest.ts";

const parts = ["admit", "resolve", "connect", "fromClient", "fromUpstream", "exchange", "setup", "inherit", "teardown"] as const;

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
 * A misspelt hook would silently do nothing. A plugin may have methods of its own: one is taken for a hook only when that hook is not there,
 * and, in a class, when nothing in it refers to the method.
 *
 * @throws TypeError
 */
export function checkSpelling(plugin: object): void {
  const chain = classesOf(plugin);
  const missing = parts.filter((part) => !(part in plugin));
  for (const name of new Set([plugin, ...chain.map(({ prototype }) => prototype)].flatMap(methodsOf))) {
    const meant = missing.find((part) => isMisspelt(name.toLowerCase(), part.toLowerCase()));
    if (meant !== undefined && !chain.some((each) => refersTo(each, name)))
      throw new TypeError(`its ${name} is no hook, did you mean "${meant}"?`);
  }
}

interface AnyClass {
  readonly prototype: object;
}

/** The class of an instance and those that it extends; none of a plain object. */
function classesOf(instance: object): AnyClass[] {
  const classes: AnyClass[] = [];
  for (let at: unknown = Object.getPrototypeOf(instance); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    classes.push((at as { constructor: AnyClass }).constructor);
  return classes;
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

/** A method that the class calls itself (`this.toClient(…)`) is its own affair, and no hook. */
function refersTo(each: AnyClass, name: string): boolean {
  return new RegExp(String.raw`\.${name.replaceAll("$", String.raw`\$`)}(?![\w$])`).test(Function.prototype.toString.call(each));
}
