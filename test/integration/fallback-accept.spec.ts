import { expect } from "chai";
import { spawn } from "node:child_process";
import { createCleanup } from "../support/cleanup.ts";
import { bounded } from "../support/bounded.ts";
import { root } from "../support/repository.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

const limitMs = 300_000;

describe("the data path without fast accept", function () {
  this.timeout(limitMs + 10_000);

  it("passes every test of the data path with plain Node sockets as well", async function () {
    // Asked once per process, so these tests run again in one of their own.
    if (process.env["SLUICE_FAST_ACCEPT"] === "0") this.skip();
    const { SLUICE_TEST_COUNTS: _counts, ...env } = process.env;
    const parameters = [
      "node_modules/mocha/bin/mocha.js",
      "--reporter",
      "json",
      "--fgrep",
      "[data path]",
      "dist/test/integration/*.spec.js",
    ];
    const child = spawn(process.execPath, parameters, {
      cwd: root,
      env: { ...env, SLUICE_FAST_ACCEPT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanup.add(() => void child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await bounded(new Promise((resolve) => void child.once("close", resolve)), "the tests", limitMs);
    const { stats, failures } = JSON.parse(output.slice(output.indexOf("{"))) as Report;
    expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ""}`)).to.deep.equal([]);
    expect(stats.passes, "tests").to.be.above(100);
  });
});
