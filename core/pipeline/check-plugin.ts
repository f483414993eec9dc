import type { Plugin } from "../contract/index.ts";
import { didYouMean } from "../contract/nearest.ts";

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
 * A misspelt hook would silently do nothing. Of a class, which may have methods of its own, only what nothing in it refers to can be
 * one, and only when the hook that it resembles is not there.
 *
 * @throws TypeError
 */
export function checkSpelling(plugin: object): void {
  const chain = classesOf(plugin);
  const isClass = chain.length > 0;
  const missing = parts.filter((part) => !isClass || !(part in plugin));
  for (const name of new Set([plugin, ...chain.map(({ prototype }) => prototype)].flatMap(methodsOf))) {
    const hint = didYouMean(name, isClass ? missing.filter((part) => !isDerived(name, part)) : missing);
    if (hint !== "" && !chain.some((each) => refersTo(each, name))) throw new TypeError(`its ${name} is no hook${hint}`);
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

/** `disconnect` and `resolver` are words of their own; `onConnect` is what somebody writes who means the hook. */
function isDerived(name: string, part: string): boolean {
  const [word, stem] = [name.toLowerCase(), part.toLowerCase()];
  return word !== stem && word !== `on${stem}` && word.includes(stem);
}

/** A method that the class calls itself (`this.toClient(…)`) is its own affair, and no hook. */
function refersTo(each: AnyClass, name: string): boolean {
  return new RegExp(String.raw`\.${name.replaceAll("$", String.raw`\$`)}(?![\w$])`).test(Function.prototype.toString.call(each));
}
