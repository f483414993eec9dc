import { hookNames, type Plugin } from "../contract/index.ts";
import { distance } from "../contract/options/nearest.ts";

const parts = [...hookNames, "setup", "inherit", "teardown", "progress", "certificates"] as const satisfies readonly (keyof Plugin)[];

const known: ReadonlySet<string> = new Set([...parts, "constructor"]);

/** Checks what a plugin's function or class made: it is used without further checks, and one in JavaScript may make anything. @throws TypeError */
export function checkPlugin(plugin: Plugin): void {
  const given: unknown = plugin;
  if (given instanceof Promise) {
    // Its rejection must not end the process too.
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
 * Refuses a misspelt hook, which would silently do nothing. A plugin may have methods of its own: a method counts as a misspelt hook only when
 * it is one or two typing errors away from a hook that the plugin does not have.
 *
 * @throws TypeError
 */
export function checkSpelling(plugin: object): void {
  const methods = withPrototypes(plugin).flatMap(methodsOf);
  if (methods.length === 0) return;
  const missing = parts.filter((part) => !(part in plugin));
  for (const name of new Set(methods)) {
    const meant = missing.find((part) => isMisspelt(name.toLowerCase(), part.toLowerCase()));
    if (meant !== undefined) throw new TypeError(`its ${name} is no hook, did you mean "${meant}"?`);
  }
  // What a function returns is for the core alone; a class may have methods for others.
  const isOfFunction = Object.getPrototypeOf(plugin) === Object.prototype;
  if (isOfFunction && missing.length === parts.length && !methods.includes("flowOf"))
    throw new TypeError(`its ${methods[0]} is no hook, and it has no other: hooks are ${hookNames.join(", ")}`);
}

/** An instance, and the prototypes of its class and of those that it extends. */
function withPrototypes(instance: object): object[] {
  const chain: object[] = [];
  for (let at: unknown = instance; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) chain.push(at as object);
  return chain;
}

/** The names of functions, without the known parts of a plugin. A getter is not called. */
function methodsOf(object: object): string[] {
  return Object.getOwnPropertyNames(object).filter(
    (name) => !known.has(name) && typeof Object.getOwnPropertyDescriptor(object, name)?.value === "function",
  );
}

/** Whether a name is one or two typing errors away from a hook, or is like `onConnect` or `onClient`, which people write when they mean the hook. */
function isMisspelt(word: string, part: string): boolean {
  if (word === part || word === `on${part}` || word === `on${part.replace(/^from/, "")}`) return true;
  return !isDerived(word, part) && distance(word, part) <= (part.length < 8 ? 1 : 2);
}

/** Whether a name is a word of its own: `disconnect`, `connected` and `resolver` are, `connectt` is not. */
function isDerived(word: string, part: string): boolean {
  const at = word.indexOf(part);
  const [before, after] = [word.slice(0, at), word.slice(at + part.length)];
  return at >= 0 && `${before}${after}` !== "" && before !== part[0] && after !== part.at(-1);
}
