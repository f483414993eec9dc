import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";

const note = `import { order } from "./order.ts";`;

describe("The modules of a config", () => {
  const files = configFolder();

  /** What is pushed into `order`, by a config with these imports at last. */
  async function order(imports: string, others: Readonly<Record<string, string>>): Promise<unknown> {
    const end = `order.push("config"); export default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "order", useValue: order }] };`;
    files.write({ "order.ts": "export const order: string[] = [];", "proxy.config.ts": `${note} ${imports} ${end}`, ...others });
    const loaded = await new ConfigLoader(files.path("proxy.config.ts")).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  it("wait for what they import when it awaits", async () => {
    const others = {
      "a.ts": `${note} await null; export const a = await Promise.resolve("a"); order.push(a);`,
      "b.ts": `${note} import "./c.ts"; order.push("b");`,
      "c.ts": `${note} import "./a.ts"; for await (const each of ["c"]) order.push(each);`,
    };
    expect(await order(`import "./b.ts";`, others)).to.deep.equal(["a", "c", "b", "config"]);
  });

  it("wait side by side, and one that imports nothing that awaits does not wait", async () => {
    const others = {
      "gate.ts": `export let open!: () => void; export const gate = new Promise<void>((resolve) => (open = resolve));`,
      "a.ts": `${note} import { gate } from "./gate.ts"; order.push("a"); await gate; order.push("a again");`,
      "b.ts": `${note} import { open } from "./gate.ts"; order.push("b"); await null; order.push("b again"); open();`,
      "c.ts": `${note} order.push("c");`,
    };
    const all = ["a", "b", "c", "b again", "a again", "config"];
    expect(await order(`import "./a.ts"; import "./b.ts"; import "./c.ts";`, others)).to.deep.equal(all);
  });

  it("keep their order in a circle of imports, where the functions of a module can be called before it is evaluated", async () => {
    const others = {
      "a.ts": `${note} import "./b.ts"; import "./c.ts"; export function early() { order.push("a's function"); } order.push("a");`,
      "b.ts": `${note} import { early } from "./a.ts"; early(); order.push("b");`,
      "c.ts": `${note} order.push("c");`,
    };
    expect(await order(`import "./a.ts";`, others)).to.deep.equal(["a's function", "b", "c", "a", "config"]);
  });

  it("can be required when nothing in them awaits, and are not begun otherwise", async () => {
    const others = {
      "a.ts": `${note} order.push("a"); export const a = 1;`,
      "b.ts": `${note} import "./c.ts"; order.push("b");`,
      "c.ts": `${note} import "./d.ts"; order.push("c");`,
      "d.ts": `${note} order.push("d"); await null;`,
    };
    const code = (name: string): string => `try { require("./${name}.ts"); } catch (error) { order.push(error.code); }`;
    expect(await order(`${code("a")} ${code("b")}`, others)).to.deep.equal(["a", "ERR_REQUIRE_ASYNC_MODULE", "config"]);
  });
});
