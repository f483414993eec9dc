import { createContext, Script } from "node:vm";

// Only a script of node:vm can be given a time. The work itself is a function of this program, and stays one.
const context: { work: (() => unknown) | undefined } = { work: undefined };
createContext(context);
const run = new Script("work()");

/** After a failure nothing is tried for so many times the time that it took. */
const REST = 10;

/**
 * Does work that may take too long for some data, such as searching with an expression of somebody else. V8 ends it wherever it is, also within an
 * expression. It then rests, so that a peer which sends such data again and again gets a tenth of the processor at most.
 */
export class TimeLimit {
  #restsUntil = 0;

  /** @returns undefined when it took too long, or rests */
  run<T>(milliseconds: number, work: () => T): T | undefined {
    const began = performance.now();
    if (began < this.#restsUntil) return undefined;
    context.work = work;
    try {
      return run.runInContext(context, { timeout: milliseconds }) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const now = performance.now();
      this.#restsUntil = now + REST * (now - began);
      return undefined;
    } finally {
      context.work = undefined;
    }
  }
}
