import { expect } from "chai";
import { passInChild } from "../support/mocha-child.ts";
import { filesUnder, readText } from "../support/repository.ts";

const limitMs = 300_000;
const tag = "[data path]";
// Only these are loaded: loading every spec takes several seconds.
const specs = filesUnder("dist/test/integration", ".spec.js").filter((file) => readText(file).includes(`${tag}"`));

describe("the data path without the fast accept", function () {
  this.timeout(limitMs + 10_000);

  it("passes every test of the data path with plain Node sockets as well", async function () {
    // Asked once per process, so these tests run again in one of their own.
    if (process.env["SLUICE_FAST_ACCEPT"] === "0") this.skip();
    const passed = await passInChild(["--fgrep", tag, ...specs], { SLUICE_FAST_ACCEPT: "0" }, limitMs);
    expect(passed, "tests").to.be.above(100);
  });
});
