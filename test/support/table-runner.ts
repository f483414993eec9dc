import type { Runner } from "sluice/testing";

/** Collects the tests that a table registers, to run them by hand. */
export function collectTests(): {
  readonly runner: Runner;
  readonly tests: { readonly title: string; readonly run: () => Promise<void> }[];
} {
  const tests: { readonly title: string; readonly run: () => Promise<void> }[] = [];
  return {
    tests,
    runner: {
      describe: (_name, define) => {
        define();
      },
      it: (title, run) => tests.push({ title, run }),
    },
  };
}

/** What the tests that `define` registers fail with, one message each; an empty list: all pass. */
export async function failuresOf(define: (runner: Runner) => void): Promise<string[]> {
  const { runner, tests } = collectTests();
  define(runner);
  const failures: string[] = [];
  for (const { run } of tests) {
    try {
      await run();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return failures;
}
