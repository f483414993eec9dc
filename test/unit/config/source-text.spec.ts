import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

const config = (before: string, expression: string): string =>
  `${before}\nexport default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: ${expression} }] };\n`;

describe("The text of a config", () => {
  const files = configFolder();

  async function given(before: string, expression: string, name = "proxy.config.ts"): Promise<unknown> {
    const loaded = await new ConfigLoader(files.write({ [name]: config(before, expression) })).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  const texts: Record<string, string> = {
    string: `"import.meta.env, import('x'), require('y')"`,
    template: "`import.meta.${'env'} import(x) require('y')`",
    expression: "String(/import.meta.require\\('y'\\)/)",
    "property names": "Object.keys({ require: 1, import: 2, meta: 3 }).join()",
    "tagged template": "String.raw`import.meta.env\\n`",
  };
  for (const [kind, text] of Object.entries(texts)) {
    for (const name of ["proxy.config.ts", "b.mjs"]) {
      it(`is never changed: a ${kind} in ${name}`, async () => {
        // oxlint-disable-next-line no-eval -- what the text gives without a loader
        expect(await given("", text, name)).to.equal((0, eval)(text));
      });
    }
  }

  it("has comments that cause nothing to be run or read", async () => {
    files.write({ "c.cjs": "globalThis.sluiceRan = true;", "node_modules/c/index.js": "globalThis.sluiceRan = true;" });
    const before = `// require("c"); import("./c.cjs")\n/* import "c"; require("./c.cjs") */\nconst text = 'require("c"); import "./c.cjs"';`;
    expect(await given(before, "[text.length, globalThis.sluiceRan]")).to.deep.equal([30, undefined]);
    const loader = new ConfigLoader(files.path("proxy.config.ts"));
    await loader.load();
    expect([...loader.files]).to.deep.equal([files.path("proxy.config.ts")]);
  });

  const own: Record<string, string> = {
    "const require = (name: string) => `own ${name}`; const module = 1, exports = 2;": "[require('x'), module, exports]",
    "function f(module: string, exports: string) { return [module, exports, import.meta.url.startsWith('file:')]; }": "f('m', 'e')",
    "const { require } = { require: 3 }; const $equire = 1, $mport = 2, $mport_meta = 4;": "[require, $equire, $mport, $mport_meta]",
    "const holder = { require: 1, o: { require: () => 2 } }; class A { require() { return 3; } static require = 4 }":
      "[holder.require, holder.o.require(), new A().require(), A.require]",
    "const { createRequire } = await import('node:module'); const require = createRequire(import.meta.url);":
      "[typeof require('node:fs').readFileSync, require.resolve('fs')]",
    "const __dirname = 'd', _export = 'e', _default = 'f';": "[__dirname, _export, _default]",
  };
  const results: readonly unknown[] = [
    ["own x", 1, 2],
    ["m", "e", true],
    [3, 1, 2, 4],
    [1, 2, 3, 4],
    ["function", "fs"],
    ["d", "e", "f"],
  ];
  for (const [index, [before, expression]] of Object.entries(own).entries()) {
    it(`may use the words of CommonJS for itself: ${before}`, async () => {
      expect(await given(before, expression)).to.deep.equal(results[index]);
    });
  }

  const places: Record<string, string> = {
    "proxy.config.ts": `interface A { a: 1 }\n/* é */ const u = "ü"; const ü: A = { a: 1 };\n  if (import.meta.url && ü.a) throw new Error("here");\nexport default {};`,
    "b.mts": `interface A { a: 1 }\n\n  throw new Error("here" satisfies string);\nexport default {};`,
    "c.cts": `interface A { a: 1 }\n\n  throw new Error("here" satisfies string);\nmodule.exports = {};`,
    "d.cjs": `with ({}) {}\n\n  throw new Error("here");\nmodule.exports = {};`,
    "e.js": `const a = require("fs");\n\n  throw new Error("here"); return;`,
  };
  for (const [name, text] of Object.entries(places)) {
    it(`is what places refer to: ${name}`, async () => {
      const error = await failureOf(() => new ConfigLoader(files.write({ [name]: text })).load());
      const column = (text.split("\n")[2] ?? "").indexOf("new") + 1;
      expect(error.message).to.include(`${files.path(name)}:3:${column}: threw Error: here`);
    });
  }
});
