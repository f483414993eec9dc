// Runs alone: it counts what a collection of the young generation leaves, which a process that waits for a core does late.
import { expect } from "chai";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ballastProcess = fileURLToPath(new URL("../support/ballast-process.js", import.meta.url));
// The young generation is large enough for all of the sessions, so that none grows old by waiting for the others.
const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];

describe("A session that has ended", function () {
  this.timeout(60_000);

  it("is freed by the next collection of the young generation, which costs nothing for dead objects", async () => {
    // Coverage would make everything live longer.
    const env = { ...process.env, NODE_V8_COVERAGE: "" };
    const { stdout } = await run(process.execPath, [...flags, ballastProcess], { env, timeout: 50_000 });
    const { made, left } = JSON.parse(stdout) as { readonly made: number; readonly left: number };
    expect(made, "the ballast, before").to.be.greaterThan(1);
    // Retained sessions would leave all of it.
    expect(left, "the ballast, after").to.be.lessThan(0.5);
  });
});
