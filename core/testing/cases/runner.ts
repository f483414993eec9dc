import { SluiceError } from "../../contract/index.ts";

/** The functions of a test runner: those of mocha, vitest and node:test all have this form. */
export interface Runner {
  /** Groups tests under a name. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Registers one test. */
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/**
 * The functions with which tests are registered: the given ones, else the runner's global ones.
 * @throws SLUICE_TEST_RUNNER
 */
export function runnerOf(given: Partial<Runner>): Runner {
  const known = globalThis as Partial<Runner>;
  const { describe = known.describe, it = known.it } = given;
  if (typeof describe === "function" && typeof it === "function") return { describe, it };
  const missing = typeof describe === "function" ? "it" : "describe";
  throw new SluiceError(
    "SLUICE_TEST_RUNNER",
    `testPlugin(factory, cases, options): there is no global ${missing}(), and none in the options`,
  );
}
