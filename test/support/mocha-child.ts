import { spawn } from "node:child_process";
import { expect } from "chai";
import { bounded } from "./bounded.ts";
import { root } from "./repository.ts";

interface Report {
  readonly stats: { readonly passes: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

/**
 * Runs specs in a mocha process of their own and expects that all pass.
 *
 * @param environment changes to the environment. An empty NODE_V8_COVERAGE turns coverage off; Node hands a missing one down
 * @returns how many passed
 */
export async function passInChild(parameters: readonly string[], environment: NodeJS.ProcessEnv, limitMs: number): Promise<number> {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...environment, SLUICE_TEST_COUNTS: undefined }).filter(([, value]) => value !== undefined),
  );
  const mocha = ["node_modules/mocha/bin/mocha.js", "--require", "./test/support/late-optimizing.cjs", "--reporter", "json", ...parameters];
  const child = spawn(process.execPath, mocha, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  try {
    await bounded(new Promise((resolve) => void child.once("close", resolve)), "the tests", limitMs);
  } finally {
    child.kill("SIGKILL");
  }
  const { stats, failures } = JSON.parse(output.slice(output.indexOf("{\n"))) as Report;
  expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ""}`)).to.deep.equal([]);
  return stats.passes;
}
