import { expect } from "chai";
import { SluiceError } from "sluice";
import { culprit } from "../../../../core/runtime/log/whose-code.ts";
import { root } from "../../../support/repository.ts";

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

const core = `${root}core/flow/pump/flow.ts`;
const compiled = `file://${root}dist/core/net/stream-leg.js`;
const rxjs = "/app/node_modules/rxjs/dist/cjs/internal/Subscriber.js";
const unreadable = new Proxy(
  {},
  {
    getPrototypeOf: () => {
      throw new Error("no");
    },
  },
);

describe("an error that nobody caught", () => {
  const plugins: Readonly<Record<string, unknown>> = {
    "in a local plugin": errorIn("/app/my-plugins/a.ts"),
    "in a local plugin below the core": errorIn(core, "file:///app/proxy.config.ts"),
    "in a plugin of the checkout": errorIn(`${root}proxy.config.ts`),
    "in a plugin from node_modules": errorIn("/app/node_modules/some-plugin/index.js"),
    "in a plugin from node_modules, called by the core": errorIn("/app/node_modules/some-plugin/index.js", rxjs, core),
    "in the core, called by a plugin from node_modules": errorIn(core, rxjs, "/app/node_modules/some-plugin/index.js"),
    "in a built-in plugin": errorIn(core, `${root}dist/plugins/retry.js`),
    "in a package that a plugin left alone": errorIn(rxjs),
    "of a socket that is not the core's": Object.assign(errorIn(), { syscall: "connect", code: "ECONNREFUSED" }),
    "of a parser that is not the core's": Object.assign(errorIn(), { code: "HPE_INVALID_CONSTANT" }),
    "that is a text": "thrown text",
    "that is nothing": undefined,
    "that cannot be looked at": unreadable,
    "that answered a plugin which did not wait": Object.assign(new SluiceError("SLUICE_CLIENT_TLS", "x"), { stack: errorIn(core).stack }),
  };
  for (const [name, error] of Object.entries(plugins)) {
    it(`is a plugin's: one ${name}`, () => {
      expect(culprit(error)).to.equal("plugin");
    });
  }

  const own: Readonly<Record<string, unknown>> = {
    "in the core": errorIn(core),
    "in the compiled core": errorIn(compiled),
    "in a package, called by the core": errorIn(rxjs, core),
    "that is a bug by its code": Object.assign(new SluiceError("SLUICE_INTERNAL", "x"), { stack: errorIn(core).stack }),
  };
  for (const [name, error] of Object.entries(own)) {
    it(`is the core's: one ${name}`, () => {
      expect(culprit(error)).to.equal("core");
    });
  }
});
