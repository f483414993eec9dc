import { SluiceError } from "../../contract/index.ts";

/** How a test runner takes tests: mocha's, vitest's and node:test's functions all fit. */
export interface Runner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/**
 * The functions that tests are registered with: those given, else the runner's global ones.
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
