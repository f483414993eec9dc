import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

describe("An import that leads nowhere", () => {
  const files = configFolder();

  it("is reported with the advice to use forward slashes when it has backslashes", async () => {
    const file = files.write({ "proxy.config.ts": String.raw`import { a } from ".\\plugins\\a.ts"; export default a;` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.include(`${file}:1:19: cannot find the module`).and.include('forward slashes: "./plugins/a.ts"');
  });

  it("is reported without the module that packages are imported through", async () => {
    const file = files.write({ "a/proxy.config.ts": `import { a } from "#a.ts"; export default a;` });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.not.include("sluice-import");
  });

  it("is reported as no entry of Sluice, with the one that was meant", async () => {
    const file = files.write({ "proxy.config.ts": `import { a } from "sluice/plugin"; export default a;` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.include(`${file}:1:19: cannot load "sluice/plugin": there is no such entry, did you mean "sluice/plugins"?`);
    files.write({ "proxy.config.ts": `import { a } from "sluice/web"; export default a;` });
    const other = await failureOf(() => new ConfigLoader(file).load());
    expect(other.message).to.include(
      'cannot load "sluice/web": there is no such entry, expected one of sluice, sluice/flow, sluice/plugins',
    );
  });
});

describe("A name that Sluice exports elsewhere", () => {
  const files = configFolder();

  it("is reported with what its entries export", async () => {
    const file = files.write({ "proxy.config.ts": `import { tlsTermination } from "sluice"; export default [tlsTermination];` });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.include(
      '"sluice" does not export tlsTermination: plugins are in "sluice/plugins", operators for flows in "sluice/flow"',
    );
  });
});

describe("A package that does not load", () => {
  const files = configFolder();
  /** A package with one module, beside a config that loads it. */
  const packageOf = (name: string, type: string, code: string): Record<string, string> => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, type, main: "index.js" }),
    [`node_modules/${name}/index.js`]: code,
  });
  const cases: readonly (readonly [what: string, given: Record<string, string>, code: string, message: string])[] = [
    ["an ES module", packageOf("esm", "module", "let a;\nexport const b = {;"), 'import "esm";', "esm/index.js:2:19: Unexpected token"],
    ["CommonJS", packageOf("common", "commonjs", "\nexports.b = {;"), 'import "common";', "common/index.js:2:14: Unexpected token"],
    [
      "a module further inside",
      { ...packageOf("deep", "module", 'import "./far.js";'), "node_modules/deep/far.js": "\nconst x = 1, x = 2;" },
      'import "deep";',
      "deep/far.js:2:14: Identifier 'x' has already been declared",
    ],
    ["code that throws", packageOf("throwing", "module", "\n null.a;"), 'import "throwing";', "throwing/index.js:2:7: Cannot read"],
    [
      "CommonJS that the config requires",
      packageOf("required", "commonjs", "exports.b = {;"),
      'import { createRequire } from "node:module"; createRequire(import.meta.url)("required");',
      "required/index.js:1:14: Unexpected token",
    ],
    [
      "an ES module that the config loads by import()",
      { ...packageOf("late", "module", 'import "./far.js";'), "node_modules/late/far.js": "\nconst a = 1;\nconst b = {;" },
      'await import("late");',
      "late/far.js:3:12: Unexpected token",
    ],
  ];
  for (const [what, given, code, message] of cases) {
    it(`is reported with the place in it: ${what}`, async () => {
      const file = files.write({ "proxy.config.ts": `${code} export default 1;`, ...given });
      const error = await failureOf(() => new ConfigLoader(file).load());
      // After an await, Node does not tell who called `import()`.
      expect(error.where).to.match(/proxy\.config\.ts(:1:\d+)?$/);
      expect(error.message).to.include(`/node_modules/${message}`);
    });
  }

  it("is reported with the tsconfig.json that cannot be followed, when its paths may have been meant", async () => {
    const extending = JSON.stringify({ extends: "./none.json", compilerOptions: { paths: { "@lib/*": ["./lib/*"] } } });
    const file = files.write({ "proxy.config.ts": `import "@lib/a"; export default 1;`, "tsconfig.json": extending });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.include(
      `cannot find the package "@lib/a", and the paths of a tsconfig.json are not known: File './none.json' not found`,
    );
  });
});
