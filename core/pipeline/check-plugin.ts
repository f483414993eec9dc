import type { Plugin } from "../contract/index.ts";

const parts = ["admit", "resolve", "connect", "fromClient", "fromUpstream", "setup", "inherit", "teardown"] as const;

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
