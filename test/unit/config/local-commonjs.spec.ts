import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";

describe("Local CommonJS", () => {
  const files = configFolder();

  async function given(imports: string, expression: string, others: Readonly<Record<string, string>>): Promise<unknown> {
    const text = `${imports}\nexport default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: ${expression} }] };\n`;
    const loaded = await new ConfigLoader(files.write({ "proxy.config.ts": text, ...others })).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  const commonJs: Record<string, readonly [text: string, gives: unknown]> = {
    "its names": [
      `[typeof require, typeof module, typeof exports, __filename.endsWith("b.cjs"), __dirname === require("node:path").dirname(__filename)]`,
      ["function", "object", "object", true, true],
    ],
    "require.resolve": [
      `[require.resolve("./c").endsWith("/c.ts"), require.resolve("fs"), require.resolve.paths("x").length > 0]`,
      [true, "fs", true],
    ],
    "require of an ES module": [`[require("./c").value, Object.keys(require("./c.ts"))]`, [1, ["default", "value"]]],
    "require of JSON": [
      `[require("./d.json").__proto__.x, Object.keys(require("./d.json")), require("./list.json").length, require("./d.json") === require("./d.json")]`,
      [1, ["__proto__", "a"], 2, true],
    ],
    "what is not there": [
      `(() => { try { require("./gone"); } catch (error) { return [error.code, error.message.includes("'./gone'")]; } })()`,
      ["MODULE_NOT_FOUND", true],
    ],
    "main and cache": [`[require.main === module, typeof require.cache]`, [false, "object"]],
    this: [`this === module.exports`, true],
  };
  for (const [name, [text, gives]] of Object.entries(commonJs)) {
    it(`has what Node gives it: ${name}`, async () => {
      const others = {
        "b.cjs": `const given = ${text}; module.exports = { given };`,
        "c.ts": "export const value = 1; export default 2;",
        "d.json": `{ "__proto__": { "x": 1 }, "a": 2 }`,
        "list.json": "[1, 2]",
      };
      expect(await given(`import { given } from "./b.cjs";`, "given", others)).to.deep.equal(gives);
    });
  }

  it("gives an `export *` the names that can be seen in its text", async () => {
    const others = {
      "b.ts": `export * from "./c.cjs"; export * from "./d.cjs";`,
      "c.cjs": `exports.plain = 1; Object.defineProperty(exports, "defined", { enumerable: true, value: 2 }); exports["comp" + "uted"] = 3;`,
      "d.cjs": `module.exports = { listed: 4 };`,
    };
    const names = `import { plain, defined, listed } from "./b.ts"; import * as all from "./b.ts";`;
    expect(await given(names, "[plain, defined, listed, Object.keys(all).sort()]", others)).to.deep.equal([
      1,
      2,
      4,
      ["defined", "listed", "plain"],
    ]);
    const error = await given(`import { computed } from "./b.ts";`, "computed", others).catch(({ message }: Error) => message);
    expect(error).to.include('"./b.ts" does not export computed');
  });

  it("goes on while it requires itself in a circle", async () => {
    const others = {
      "b.cjs": `exports.early = 1; exports.seen = require("./c.cjs").seen; exports.late = 2;`,
      "c.cjs": `exports.seen = Object.keys(require("./b.cjs"));`,
    };
    expect(await given(`import { seen, late } from "./b.cjs";`, "[seen, late]", others)).to.deep.equal([["early"], 2]);
  });
});
