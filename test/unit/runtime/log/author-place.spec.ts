import { expect } from "chai";
import { SluiceError } from "sluice";
import { placeOfAuthor } from "../../../../core/runtime/log/author-place.ts";
import { root } from "../../../support/repository.ts";

const core = `${root}core/pipeline/lifecycle.ts`;
const author = "/app/proxy.config.ts";
const installed = "/app/node_modules/some-plugin/index.js";
const builtIn = `${root}dist/plugins/none/none.js`;

/** An error whose stack names these files, the innermost first. */
function thrownIn(error: Error, ...files: readonly string[]): Error {
  error.stack = ["Error: boom", ...files.map((file) => `    at run (${file}:10:5)`)].join("\n");
  return error;
}

describe("the place that an error came from", () => {
  const refusal = (): SluiceError => new SluiceError("SLUICE_CERTIFICATE_INVALID", "cannot read the cert", { where: "/app/none.pem" });
  const rows: readonly (readonly [string, Error, string | undefined])[] = [
    ["is in the author's own source", thrownIn(new Error("boom"), author, core), author],
    ["is in the author's own source, below a package", thrownIn(new Error("boom"), installed, author, core), author],
    ["is in the package, where nothing of the author's is on the stack", thrownIn(new Error("boom"), installed, core), installed],
    ["is in the built-in plugin for what went wrong there", thrownIn(new TypeError("boom"), builtIn, core), builtIn],
    ["is in the author's own source for a refusal that a plugin of theirs threw", thrownIn(refusal(), author, core), author],
    ["is nowhere for a refusal of a built-in plugin", thrownIn(refusal(), builtIn, core), undefined],
    ["is nowhere for a refusal of a package", thrownIn(refusal(), installed, core), undefined],
  ];
  for (const [name, error, file] of rows)
    it(name, () => {
      expect(placeOfAuthor(error)).to.equal(file === undefined ? undefined : `${file}:10:5`);
    });
});
