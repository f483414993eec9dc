import { existsSync } from "node:fs";
import path from "node:path";

/** The test runner of a project: mocha, vitest, or Node's own. */
export type TestRunner = "mocha" | "vitest" | "node";

/** The import of `describe` and `it` in a test. Mocha has them as globals; the package with its types may be missing. */
export const runnerImports: Readonly<Record<TestRunner, string>> = {
  node: 'import { describe, it } from "node:test";\n',
  vitest: 'import { describe, it } from "vitest";\n',
  mocha: "",
};

/** The import for a test that uses only `it`. */
export const runnerIt: Readonly<Record<TestRunner, string>> = {
  node: 'import { it } from "node:test";\n',
  vitest: 'import { it } from "vitest";\n',
  mocha: "",
};

/** Declares mocha's `it`. The line is not needed if @types/mocha is installed. */
export const mochaIt = "declare const it: (title: string, run: () => Promise<void>) => void;\n\n";

/** The command that runs the tests of plugins. @param ending the ending of the tests: `ts` or `mts` */
export function testCommand(runner: TestRunner, ending: string): string {
  // Without quotes, so that the shell expands the pattern: Node 20 does not.
  const tests = `my-plugins/*.test.${ending}`;
  if (runner === "vitest") return "vitest run";
  return runner === "mocha" ? `mocha --import=sluice/register ${tests}` : `node --import sluice/register --test ${tests}`;
}

/**
 * The runner of a project: the one in its script `test`, else one in its package.json, else an installed one, else Node's.
 */
export function runnerOf(folder: string, script: string, names: readonly string[]): TestRunner {
  const runners = ["vitest", "mocha"] as const;
  const isInstalled = (name: string): boolean => existsSync(path.join(folder, "node_modules", name));
  const found = [
    (name: string) => new RegExp(`\\b${name}\\b`).test(script) && (names.includes(name) || isInstalled(name)),
    (name: string) => names.includes(name),
    isInstalled,
  ];
  for (const fits of found) {
    const runner = runners.find((name) => fits(name));
    if (runner !== undefined) return runner;
  }
  return "node";
}
