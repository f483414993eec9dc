import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";

describe("A key that an object of a config has twice", () => {
  const files = configFolder();

  async function warnings(config: string, others: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const loaded = await new ConfigLoader(files.write({ "proxy.config.ts": config, ...others })).load();
    loaded.retire();
    return loaded.config.warnings;
  }

  it("is warned of at its place: a listener", async () => {
    const config = `interface Own { web: 1 }
export default { listeners: {
  web: { listen: "tcp://127.0.0.1:1" },
  "web": { listen: "tcp://127.0.0.1:0" },
} };`;
    const where = `${files.path("proxy.config.ts")}:4:3`;
    expect(await warnings(config)).to.deep.equal([`${where}: the object has the key "web" already: only the last one counts`]);
  });

  it("is warned of in other modules too, in CommonJS as well, ten times at most", async () => {
    const others = { "a.cjs": `exports.a = {\n b: 1, b() {} };`, "b.ts": `export const b = {\n  ${"1: 1, ".repeat(20)} };` };
    const config = `import "./a.cjs"; import "./b.ts"; export default { listeners: { web: { listen: "tcp://127.0.0.1:0" } } };`;
    const all = await warnings(config, others);
    expect(all).to.have.lengthOf(10);
    expect(all[0]).to.include('a.cjs:2:8: the object has the key "b"');
    expect(all[1]).to.include('b.ts:2:9: the object has the key "1"');
  });

  it("is none where it is another one, a pair of accessors, a computed key or a name that is taken apart", async () => {
    const config = `const key = "a"; const { a, a: again } = { a: 1, A: 2, [key]: 3, ["a"]: 4, ...{ a: 5 } };
      export const pair = { get b() { return a; }, set b(_: number) {}, c: { b: again } };
      export default { listeners: { web: { listen: "tcp://127.0.0.1:0" } } };`;
    expect(await warnings(config)).to.deep.equal([]);
  });
});
