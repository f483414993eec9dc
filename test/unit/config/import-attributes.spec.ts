import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

describe("The attributes of a config's imports", () => {
  const files = configFolder();

  async function given(imports: string, value: string, others: Readonly<Record<string, string>>): Promise<unknown> {
    const listeners = `listeners: { a: { listen: "tcp://127.0.0.1:0" } }`;
    files.write({
      "proxy.config.ts": `${imports}\nexport default { ${listeners}, providers: [{ token: "given", useValue: ${value} }] };\n`,
      ...others,
    });
    const loaded = await new ConfigLoader(files.path("proxy.config.ts")).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  const json: Readonly<Record<string, string>> = { "a file": "./data.json", "a package": "data/package.json" };
  for (const [what, specifier] of Object.entries(json))
    for (const attribute of [`with { type: "json" }`, ""])
      it(`can name JSON of ${what}, and can be left out there: ${JSON.stringify(attribute)}`, async () => {
        const text = `{ "name": "data" }`;
        const others = { "data.json": text, "node_modules/data/package.json": text };
        expect(await given(`import all from "${specifier}" ${attribute};`, "all.name", others)).to.equal("data");
      });

  const wrong: Readonly<Record<string, string>> = {
    [`import value from "./code.ts" with { type: "json" };`]: `an import has the type "json": "./code.ts" is not JSON`,
    [`export * from "./code.ts" with { type: "json" }; const value = 1;`]: `an import has the type "json": "./code.ts" is not JSON`,
    [`const value = await import("./code.ts", { with: { type: "json" } });`]: `an import has the type "json": "./code.ts" is not JSON`,
    [`const value = await import("./data.json", { with: { type: "css" } });`]: `an import has the type "css": the only type that an import can have is "json"`,
    [`import value from "./data.json" with { type: "css" };`]: `an import has the type "css": the only type that an import can have is "json"`,
  };
  for (const [imports, says] of Object.entries(wrong))
    it(`are refused if the module is something else, and it is not evaluated: ${imports}`, async () => {
      const others = { "code.ts": `export default 1; throw new Error("evaluated");`, "data.json": "{}" };
      const error = await failureOf(() => given(imports, "value", others));
      expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
      expect(error.message).to.include(says);
      expect(error.where).to.match(/proxy\.config\.ts:1:\d+$/);
    });

  for (const imports of [`import all from "code" with { type: "json" };`, `const all = await import("code", { with: { type: "json" } });`])
    it(`are refused if the module of a package is something else, and it is not evaluated: ${imports}`, async () => {
      const code = `globalThis.evaluated = true; export default { name: "code" };`;
      const others = {
        "node_modules/code/package.json": `{ "type": "module", "exports": "./code.js" }`,
        "node_modules/code/code.js": code,
      };
      const error = await failureOf(() => given(imports, "all", others));
      expect(error.message).to.match(/is not of type "json"/);
      expect(globalThis).to.not.have.property("evaluated");
    });

  it("can name JSON of an import() too, also by a name that is computed", async () => {
    const others = { "data.json": `{ "name": "data" }` };
    const imports = `const name = "data"; const { default: all } = await import("./" + name + ".json", { with: { type: "json" } });`;
    expect(await given(imports, "all.name", others)).to.equal("data");
  });
});
