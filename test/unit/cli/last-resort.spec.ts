import { expect } from "chai";
import { blame } from "../../../core/cli/last-resort.ts";
import { root } from "../../support/repository.ts";

/** An error whose stack names these files. */
function errorIn(...files: readonly string[]): Error {
  const error = new Error("boom");
  error.stack = [
    "Error: boom",
    ...files.map((file) => `    at run (${file}:10:5)`),
    "    at listOnTimeout (node:internal/timers:581:17)",
  ].join("\n");
  return error;
}

describe("an error that nobody caught", () => {
  it("is the plugin's when a file of the config is on its stack, also below the core", () => {
    expect(blame(errorIn("/app/my-plugins/a.ts"), "/app")).to.equal("plugin");
    expect(blame(errorIn(`${root}core/flow/flow.ts`, "file:///app/proxy.config.ts"), "/app")).to.equal("plugin");
    expect(blame(errorIn(`${root}proxy.config.ts`), root)).to.equal("plugin");
  });

  it("is a package's own, and so a plugin's, when the core is not on its stack", () => {
    expect(blame(errorIn("/app/node_modules/some-plugin/index.js"), "/app")).to.equal("plugin");
  });

  it("is the core's when only the core is on its stack, compiled or mapped, wherever the config lies", () => {
    expect(blame(errorIn(`${root}core/net/stream-leg.ts`), root)).to.equal("core");
    expect(blame(errorIn(`file://${root}dist/core/net/stream-leg.js`), "/app")).to.equal("core");
  });

  it("without a file is a foreign socket's when it comes from the operating system, else the core's", () => {
    expect(blame(Object.assign(errorIn(), { syscall: "connect", code: "ECONNREFUSED" }), "/app")).to.equal("plugin");
    expect(blame(errorIn(), "/app")).to.equal("core");
    expect(blame("thrown text", "/app")).to.equal("core");
  });
});
