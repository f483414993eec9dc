import { expect } from "chai";
import { contentHash } from "../../../core/config/files/content-hash.ts";
import { ConfigLoader as Loader } from "../../../core/config/load/config-loader.ts";
import { transports } from "../../../core/net/transports/table.ts";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";

const value = (text: string): string => `export const value = "${text}";`;

const plugin = `import { definePlugin } from "sluice";
export const use = definePlugin("use", () => ({ fromClient: (data) => (value, data) }));
`;

const config = `import { use } from "./plugin.ts";
export default { listeners: { a: { listen: "tcp://127.0.0.1:0", plugins: [use()] } } };
`;

/** How a module loads `value.ts` by a name that its text does not tell. */
const loads: Readonly<Record<string, string>> = {
  "import()": `export const { value } = await import("./va" + "lue.ts");`,
  "require()": `const name = "./va" + "lue.ts"; export const { value } = require(name);`,
  "createRequire()": `import { createRequire } from "node:module"; export const { value } = createRequire(import.meta.url)("./value.ts");`,
  "the require() of another folder": `import { createRequire } from "node:module"; export const { value } = createRequire("/none/none.js")(import.meta.dirname + "/value.ts");`,
};

describe("The code of a plugin", () => {
  const files = configFolder();

  /** What identifies it: a plugin with the same code is kept over a reload. */
  async function code(loader: ConfigLoader): Promise<string | undefined> {
    const loaded = await loader.load();
    loaded.retire();
    return loaded.config.listeners[0]?.uses[0]?.use.definition.origin;
  }

  for (const [name, load] of Object.entries(loads)) {
    it(`includes what its module's imports load at run time: by ${name}`, async () => {
      files.write({ "value.ts": value("first"), "part.ts": load, "plugin.ts": `import { value } from "./part.ts";\n${plugin}` });
      const loader = new ConfigLoader(files.write({ "proxy.config.ts": config }));
      const first = await code(loader);
      expect(first).to.be.a("string");
      expect(await code(loader)).to.equal(first);
      files.write({ "value.ts": value("second") });
      expect(await code(loader)).not.to.equal(first);
    });
  }

  for (const name of ["require()", "createRequire()", "the require() of another folder"]) {
    it(`includes what its own module loads at run time: by ${name}`, async () => {
      files.write({ "value.ts": value("first"), "plugin.ts": `${loads[name]}\n${plugin}` });
      const loader = new ConfigLoader(files.write({ "proxy.config.ts": config }));
      const first = await code(loader);
      expect(await code(loader)).to.equal(first);
      files.write({ "value.ts": value("second") });
      expect(await code(loader)).not.to.equal(first);
    });
  }

  it("does not include what it loads while it is made: such a file is watched as one that it reads, also by loads that keep the plugin", async () => {
    const make = `() => { const name = "./part.ts"; void import(name); void import("./literal.ts"); return {}; }`;
    const texts = { "part.ts": `export { value } from "./value.ts";`, "value.ts": value("first"), "literal.ts": value("literal") };
    files.write({ ...texts, "plugin.ts": `import { definePlugin } from "sluice"; export const use = definePlugin("use", ${make});` });
    const loader = new Loader(files.write({ "proxy.config.ts": config }), transports);
    const loaded = await loader.load();
    const made = loaded.config.listeners[0]?.uses[0]?.use.definition.make as unknown as () => object;
    made();
    while (!loader.watched.has(files.path("value.ts"))) await new Promise(setImmediate);
    const seen = (): boolean[] => ["part.ts", "value.ts", "literal.ts", "plugin.ts"].map((each) => loader.watched.has(files.path(each)));
    expect(seen()).to.deep.equal([true, true, false, false]);
    loaded.retire();
    (await loader.load()).retire();
    expect(seen()).to.deep.equal([true, true, false, false]);
    expect(loader.hashes.get(files.path("value.ts"))).to.equal(contentHash(files.path("value.ts")));
  });
});
