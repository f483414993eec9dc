import "reflect-metadata";
import { expect } from "chai";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { container } from "tsyringe";
import { ConfigLoader } from "../../../support/config-loader.ts";
import type { PluginDefinition } from "../../../../core/contract/index.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

const listen = `listen: "tcp://127.0.0.1:0"`;
const { typeInfo } = createRequire(import.meta.url)("tsyringe/dist/cjs/dependency-container.js") as { typeInfo: Map<unknown, unknown> };

function config(plugins: string, imports = ""): string {
  return `import type { SluiceConfig } from "sluice";\n${imports}\nexport default { listeners: { a: { ${listen}, plugins: [${plugins}] } } } satisfies SluiceConfig;\n`;
}

const shout = `import { definePlugin } from "sluice";
import { inject, injectable } from "tsyringe";
import { tag } from "./tag.ts";
export enum Loudness { Low, High }
@injectable()
class Voice { readonly loudness = Loudness.High; }
@injectable()
export class Shout { static tag = tag; constructor(@inject("x") readonly x: string, readonly voice: Voice) {} }
export const shout = definePlugin("shout", Shout);
`;

describe("ConfigLoader", () => {
  const files = configFolder();

  async function definitions(loader: ConfigLoader): Promise<PluginDefinition[]> {
    const loaded = await loader.load();
    loaded.retire();
    return loaded.config.listeners.flatMap(({ uses }) => uses.map(({ use }) => use.definition));
  }

  it("loads TypeScript with decorators and local modules, in a folder that has no packages installed", async () => {
    const file = files.write({
      "proxy.config.ts": config("shout()", `import { shout } from "./shout.js";`),
      "shout.ts": shout,
      "tag.ts": `export const tag = 1;`,
    });
    const loader = new ConfigLoader(file);
    const loaded = await loader.load();
    const [use] = loaded.config.listeners[0]?.uses ?? [];
    expect(use?.name).to.equal("shout");
    const made = container
      .createChildContainer()
      .register("x", { useValue: "injected" })
      .resolve(use?.use.definition.make as new () => unknown);
    expect(made).to.deep.include({ x: "injected", voice: { loudness: 1 } });
    expect(loaded.config.file).to.equal(file);
    expect([...loader.files]).to.have.members([file, files.path("shout.ts"), files.path("tag.ts")]);
    expect(typeInfo.has(use?.use.definition.make)).to.equal(true);
    loaded.retire();
    expect(typeInfo.has(use?.use.definition.make)).to.equal(false);
  });

  it("evaluates every module again on each load, and sees an edit", async () => {
    const file = files.write({
      "proxy.config.ts": config("shout()", `import { shout } from "./shout.ts";`),
      "shout.ts": shout,
      "tag.ts": `export const tag = 1;`,
    });
    const loader = new ConfigLoader(file);
    const [first] = await definitions(loader);
    files.write({ "tag.ts": `export const tag = 2;` });
    const [second] = await definitions(loader);
    expect(first?.make).to.include({ tag: 1 });
    expect(second?.make).to.include({ tag: 2 });
  });

  it("gives a plugin the digest of its module and of what that imports, and of nothing else", async () => {
    const plain = (id: string): string => `import { definePlugin } from "sluice"; export const ${id} = definePlugin("${id}", () => ({}));`;
    const file = files.write({
      "proxy.config.ts": config(
        `shout(), other(), inline()`,
        `import { definePlugin } from "sluice"; import { shout } from "./shout.ts"; import { other } from "./other.ts"; const inline = definePlugin("inline", () => ({}));`,
      ),
      "shout.ts": shout,
      "tag.ts": `export const tag = 1;`,
      "other.ts": plain("other"),
    });
    const loader = new ConfigLoader(file);
    const origins = async (): Promise<(string | undefined)[]> => (await definitions(loader)).map(({ origin }) => origin);
    const first = await origins();
    expect(new Set(first).size).to.equal(3);
    expect(first).not.to.include(undefined);
    expect(await origins()).to.deep.equal(first);
    files.write({ "tag.ts": `export const tag = 2;` });
    const second = await origins();
    expect(second.map((origin, index) => origin === first[index])).to.deep.equal([false, true, false]);
  });

  it("accepts a promise, a function, CommonJS and JSON", async () => {
    const text = `{ listeners: { a: { ${listen} } } }`;
    const cases = {
      "a.ts": `export default Promise.resolve(${text});`,
      "b.ts": `export default async () => (${text});`,
      "c.ts": `const { port } = await Promise.resolve({ port: 0 });\nexport default { listeners: { a: { listen: \`tcp://:\${port}\` } } };`,
      "d.cjs": `module.exports = ${text};`,
      "e.js": `module.exports = ${text};`,
      "f.json": `{ "listeners": { "a": { "listen": "tcp://:0" } } }`,
      "g.mjs": `import data from "./f.json" with { type: "json" }; import old from "./e.js"; import { listeners } from "./d.cjs"; export default { ...data, ...old, listeners };`,
    };
    files.write(cases);
    for (const name of Object.keys(cases)) expect((await new ConfigLoader(files.path(name)).load()).config.listeners).to.have.length(1);
  });

  it("places a syntax error at file:line:column with a code frame, and watches the broken file", async () => {
    const file = files.write({
      "proxy.config.ts": config("", `import "./broken.ts";`),
      "broken.ts": "const a = 1;\n\tconst b: number = ;\n",
    });
    const loader = new ConfigLoader(file);
    const error = await failureOf(() => loader.load());
    expect(error.code).to.equal("SLUICE_CONFIG_SYNTAX");
    expect(error.where).to.equal(`${files.path("broken.ts")}:2:20`);
    expect(error.frame).to.contain(`> 2 | \tconst b: number = ;\n    | \t                  ^`);
    expect(loader.files.has(files.path("broken.ts"))).to.equal(true);
    files.write({ "broken.ts": "export {};" });
    await loader.load();
  });

  it("places a name that is declared twice", async () => {
    const twice = files.write({ "proxy.config.ts": "export {};\n\nconst a: number = 1;\nconst a = 2;\nexport default {};" });
    const error = await failureOf(() => new ConfigLoader(twice).load());
    expect(error.code).to.equal("SLUICE_CONFIG_SYNTAX");
    expect(error.where).to.equal(`${twice}:4:7`);
  });

  it("places a missing module, and watches for it", async () => {
    const file = files.write({ "proxy.config.ts": config("", `// import "./gone";\nimport "./gone";`) });
    const loader = new ConfigLoader(file);
    const error = await failureOf(() => loader.load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.contain(`${file}:3:8: cannot find the module "./gone"`);
    expect([...loader.files]).to.include.members([files.path("gone.ts"), files.path("gone/index.ts"), file]);
    files.write({ "gone.ts": "" });
    await loader.load();
  });

  it("places a missing package, and finds it once it is installed", async () => {
    const file = files.write({ "proxy.config.ts": config("", `import { a } from "not-there";\nconsole.assert(a === 1);`) });
    const loader = new ConfigLoader(file);
    const error = await failureOf(() => loader.load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.contain(`${file}:2:19: cannot find the package "not-there"`);
    expect([...loader.files]).to.include(files.path("node_modules/not-there/package.json"));
    files.write({
      "node_modules/not-there/package.json": `{"name":"not-there","type":"module","exports":"./i.js"}`,
      "node_modules/not-there/i.js": "export const a = 1;",
    });
    await loader.load();
  });

  it("finds a package that was looked for in the middle of its install", async () => {
    const file = files.write({ "proxy.config.ts": config("", `import { a } from "half-there";\nconsole.assert(a === 1);`) });
    const loader = new ConfigLoader(file);
    const folder = files.path("node_modules/half-there");
    mkdirSync(folder, { recursive: true });
    expect((await failureOf(() => loader.load())).message).to.contain(`${file}:2:19: cannot find the package "half-there"`);
    files.write({ "node_modules/half-there/package.json": `{"name":"half-there","type":"module","main":"./i.js"}` });
    const error = await failureOf(() => loader.load());
    expect(error.message).to.contain(`${file}:2:19: cannot load "half-there": the module that ${folder}/package.json names does not exist`);
    expect([...loader.files]).to.include.members([`${folder}/package.json`, `${folder}/i.js`]);
    files.write({ "node_modules/half-there/i.js": "export const a = 1;" });
    await loader.load();
  });

  it("places a name that sluice does not export, but not a type imported without `type`", async () => {
    const file = files.write({ "proxy.config.ts": `import {\n  definePlugn,\n} from "sluice";\nexport default definePlugn("a");` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.contain(`${file}:2:3: "sluice" does not export definePlugn, did you mean "definePlugin"?`);
    const typed = `import { definePlugin, Session, Logger, LOGGER } from "sluice"; import { inject, injectable } from "tsyringe";
      @injectable() class P { constructor(@inject(LOGGER) l: Logger) {} admit(a: any, s: Session) { return a; } } export const p = definePlugin("p", P);`;
    await new ConfigLoader(files.write({ "b.ts": config("p()", `import { p } from "./p.ts";`), "p.ts": typed })).load();
  });

  it("refuses an export of sluice that does not exist", async () => {
    const file = files.write({ "proxy.config.ts": `import "sluice/nothing";\nexport default {};` });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.contain(`${file}:1:8: cannot load "sluice/nothing"`);
  });

  it("places code that throws in the user's own TypeScript", async () => {
    const file = files.write({
      "proxy.config.ts": config("boom()", `import { boom } from "./boom.ts";`),
      "boom.ts": `interface Longer { a: string }\nexport function boom(): never {\n  throw new TypeError("it broke");\n}\n`,
    });
    const loader = new ConfigLoader(file);
    const error = await failureOf(() => loader.load());
    expect(error.code).to.equal("SLUICE_CONFIG_THREW");
    expect(error.message).to.contain(`${files.path("boom.ts")}:3:9: threw TypeError: it broke`);
    expect(error.frame).to.contain(`> 3 |   throw new TypeError("it broke");`);
  });

  it("explains a thrown value that is not an error, and a call of a name that a namespace does not have", async () => {
    const bare = await failureOf(() => new ConfigLoader(files.write({ "a.ts": `throw { odd: 1 };` })).load());
    expect(bare.message).to.contain("a.ts: threw { odd: 1 }");
    const absent = files.write({ "b.ts": `import * as c from "./c.ts";\nexport default c.shuot();`, "c.ts": "export const shout = 1;" });
    const error = await failureOf(() => new ConfigLoader(absent).load());
    expect(error.message).to.contain("b.ts:2:").and.contain("shuot is not a function");
  });

  it("does not let a config end the process, and gives process.exit back", async () => {
    const before = Object.getOwnPropertyDescriptor(process, "exit")?.value as unknown;
    const file = files.write({ "proxy.config.ts": `await Promise.resolve();\nif (true)\n  process.exit(1);\nexport default {};` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_THREW");
    expect(error.message).to.contain(`${file}:3:11: called process.exit()`);
    expect(error.frame).to.contain("> 3 |   process.exit(1);");
    expect(Object.getOwnPropertyDescriptor(process, "exit")?.value).to.equal(before);
  });

  it("gives up on a top-level await that never settles", async () => {
    const file = files.write({ "proxy.config.ts": `await new Promise(() => {});\nexport default {};` });
    const error = await failureOf(() => new ConfigLoader(file).load({ timeoutMs: 20 }));
    expect(error.code).to.equal("SLUICE_CONFIG_THREW");
    expect(error.message).to.contain(`${file}: did not finish within 20 ms`);
  });

  it("refuses a file that is missing, empty, or without a default export", async () => {
    expect((await failureOf(() => new ConfigLoader(files.path("none.ts")).load())).code).to.equal("SLUICE_CONFIG_NOT_FOUND");
    mkdirSync(files.path("folder.ts"));
    expect((await failureOf(() => new ConfigLoader(files.path("folder.ts")).load())).code).to.equal("SLUICE_CONFIG_NOT_FOUND");
    const empty = await failureOf(() => new ConfigLoader(files.write({ "a.ts": " \n" })).load());
    expect([empty.code, empty.message]).to.satisfy(
      ([code, message]: string[]) => code === "SLUICE_CONFIG_INVALID" && message?.includes("a.ts: is empty") === true,
    );
    expect((await failureOf(() => new ConfigLoader(files.write({ "b.ts": "export const a = 1;" })).load())).message).to.contain(
      "b.ts: has no default export",
    );
  });

  it("names the file and the option of an invalid config", async () => {
    const file = files.write({ "proxy.config.ts": `export default { listeners: { a: { listen: "x" } } };` });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.contain(`${file}: listeners.a.listen: expected`);
  });

  it("refuses code that other users of the machine can write", async function () {
    if (process.platform === "win32") this.skip();
    const file = files.write({ "proxy.config.ts": config("", `import "./b.ts";`), "b.ts": "export {};" });
    chmodSync(files.path("b.ts"), 0o646);
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_UNSAFE");
    expect(error.where).to.equal(files.path("b.ts"));
  });

  it("keeps watching what it watched before a load that failed half-way", async () => {
    const file = files.write({
      "proxy.config.ts": config("", `import "./b.ts"; import "./c.ts";`),
      "b.ts": "export {};",
      "c.ts": "export {};",
    });
    const loader = new ConfigLoader(file);
    await loader.load();
    files.write({ "b.ts": "const = 1;" });
    await failureOf(() => loader.load());
    expect(loader.files.has(files.path("c.ts"))).to.equal(true);
  });

  it("leaves no decorated class behind when a load fails", async () => {
    const before = typeInfo.size;
    const file = files.write({
      "proxy.config.ts": `import "./shout.ts";\nthrow new Error("late");`,
      "shout.ts": shout,
      "tag.ts": `export const tag = 1;`,
    });
    await failureOf(() => new ConfigLoader(file).load());
    expect(typeInfo.size).to.equal(before);
  });

  it("treats a module at a relative path outside the config's folder as local", async () => {
    const file = files.write({
      "app/proxy.config.ts": `import { text } from "../lib/text.ts";\nexport default { listeners: { a: { listen: text } } };`,
      "lib/text.ts": `export const text = "tcp://:0";`,
    });
    const loader = new ConfigLoader(file);
    await loader.load();
    expect([...loader.files]).to.include(files.path("lib/text.ts"));
    writeFileSync(files.path("lib/text.ts"), readFileSync(files.path("lib/text.ts"), "utf8").replace("tcp", "udp"));
    expect((await loader.load()).config.listeners[0]?.address.transport).to.equal("udp");
  });
});
