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
 * A misspelt hook would silently do nothing. A class may have methods of its own, so only what a function returned is searched for one.
 * @throws TypeError
 */
export function checkSpelling(plugin: object): void {
  for (const [name, value] of Object.entries(plugin)) {
    const known = (parts as readonly string[]).includes(name) || typeof value !== "function";
    const hint = known ? "" : didYouMean(name, parts);
    if (hint !== "") throw new TypeError(`its ${name} is no hook${hint}`);
  }
}
