import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let found: (() => void) | undefined;

/**
 * What collects garbage now; undefined where the engine has nothing for it. V8 has it behind a flag, and a context that is made after the flag was set has the function; no flag of the command line
 * is needed.
 */
export function garbageCollector(): (() => void) | undefined {
  return (found ??= functionOf());
}

function functionOf(): (() => void) | undefined {
  try {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("globalThis.gc");
    return typeof collect === "function" ? (collect as () => void) : undefined;
  } catch {
    return undefined;
  }
}
