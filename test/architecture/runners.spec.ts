import { expect } from "chai";
import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { checks, rows } from "../runners/redact-rows.ts";
import { bounded } from "../support/bounded.ts";
import { installPacked, type PackedPackage } from "../support/packed-package.ts";
import { root } from "../support/repository.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

interface RunnerCommand {
  readonly parameters: readonly string[];
  readonly counts: (output: string) => Counts;
}

const test = (runner: string): string => `dist/test/runners/under-${runner}.test.js`;
const jsonOf = (output: string): unknown => JSON.parse(output.slice(output.indexOf("{")));
const tapCount = (output: string, what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(output)?.[1]);

const runners: Readonly<Record<string, RunnerCommand>> = {
  mocha: {
    parameters: ["node_modules/mocha/bin/mocha.js", "--timeout", "60000", "--reporter", "json", test("mocha")],
    counts: (output) => {
      const { stats } = jsonOf(output) as { stats: { passes: number; failures: number } };
      return { passed: stats.passes, failed: stats.failures };
    },
  },
  vitest: {
    parameters: ["node_modules/vitest/vitest.mjs", "run", "--testTimeout", "60000", "--dir", "dist", "--reporter", "json", test("vitest")],
    counts: (output) => {
      const { numPassedTests, numFailedTests } = jsonOf(output) as { numPassedTests: number; numFailedTests: number };
      return { passed: numPassedTests, failed: numFailedTests };
    },
  },
  "node-test": {
    parameters: ["--test", "--test-reporter", "tap", test("node-test")],
    counts: (output) => ({ passed: tapCount(output, "pass"), failed: tapCount(output, "fail") }),
  },
};

describe("a plugin of the docs, tested with the packed sluice/testing", function () {
  this.timeout(600_000);
  let installed: PackedPackage;

  before(async () => {
    installed = await installPacked();
    // The sources too, which a runner looks for.
    for (const part of [
      "dist/test/runners",
      "test/runners",
      "dist/docs/examples/redact.js",
      "dist/docs/examples/redact.js.map",
      "docs/examples/redact.ts",
    ])
      cpSync(join(root, part), join(installed.folder, part), { recursive: true });
  });

  after(() => installed.remove());

  async function countsOf({ parameters, counts }: RunnerCommand, changes: NodeJS.ProcessEnv = {}): Promise<Counts> {
    const { folder, environment } = installed;
    const child = spawn(process.execPath, parameters, {
      cwd: folder,
      env: { ...environment, ...changes },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      const code = await bounded(new Promise((resolve) => void child.once("close", resolve)), "the tests", 240_000);
      const found = counts(output);
      expect(code === 0, output).to.equal(found.failed === 0);
      return found;
    } finally {
      child.kill("SIGKILL");
    }
  }

  const inTable = rows.passes.length + rows.changes.length + rows.rejects.length;

  for (const [name, runner] of Object.entries(runners)) {
    it(`passes under ${name}`, async () => {
      expect(await countsOf(runner)).to.deep.equal({ passed: inTable + checks.length, failed: 0 });
    });

    it(`fails under ${name} if a row is wrong`, async () => {
      expect(await countsOf(runner, { SLUICE_TEST_WRONG_ROW: "yes" })).to.deep.equal({ passed: inTable, failed: 1 });
    });
  }
});
