import { existsSync } from "node:fs";
import path from "node:path";

/** How tests are run in a project: mocha, vitest, or what Node brings. */
export type TestRunner = "mocha" | "vitest" | "node";

/** Brings `describe` and `it` into a test. Mocha has them as globals, and its types are a package that need not be there. */
export const runnerImports: Readonly<Record<TestRunner, string>> = {
  node: 'import { describe, it } from "node:test";\n',
  vitest: 'import { describe, it } from "vitest";\n',
  mocha: "",
};

/** The same for a test that calls `it` itself. */
export const runnerIt: Readonly<Record<TestRunner, string>> = {
  node: 'import { it } from "node:test";\n',
  vitest: 'import { it } from "vitest";\n',
  mocha: "",
};

/** Says what mocha's `it` is. Should @types/mocha be installed, the line can go. */
export const mochaIt = "declare const it: (title: string, run: () => Promise<void>) => void;\n\n";

/** Runs the tests of plugins. @param ending of the tests: `ts` or `mts` */
export function testCommand(runner: TestRunner, ending: string): string {
  // Without quotes: Node 20 knows no patterns, a shell does.
  const tests = `my-plugins/*.test.${ending}`;
  if (runner === "vitest") return "vitest run";
  return runner === "mocha" ? `mocha --import=sluice/register ${tests}` : `node --import sluice/register --test ${tests}`;
}

/**
 * Which runner a project has: the one that its script `test` names, else one that package.json names, else one that is installed, else Node's.
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
