import { expect } from "chai";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../support/repository.ts";

describe("the program with a proxy in it", function () {
  this.timeout(60_000);

  it("does what its documentation page says, and ends by itself", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "dist/docs/examples/embedded.js")]);
    expect(stdout.trim().split("\n")).to.deep.equal(["hello", "HELLO", "SLUICE_CONFIG_INVALID", "STILL THERE", "ended: closed"]);
  });
});
