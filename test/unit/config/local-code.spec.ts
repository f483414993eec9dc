import { expect } from "chai";
import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

const config = (imports: string, expression: string): string =>
  `${imports}\nexport default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: ${expression} }] };\n`;

interface Kind {
  readonly files: Readonly<Record<string, string>>;
  /** What is edited: its text holds `"first"`. */
  readonly edited: string;
  readonly imports: string;
  readonly gives?: string;
  /** Links, by what leads where. */
  readonly links?: Readonly<Record<string, string>>;
  /** Watched beside the file. */
  readonly watched?: readonly string[];
}

const workspace = { "node_modules/@app/x": "packages/x" };

const kinds: Record<string, Kind> = {
  "a workspace package in TypeScript, by a link": {
    files: {
      "packages/x/package.json": `{ "name": "@app/x", "type": "module", "exports": "./src/index.ts" }`,
      "packages/x/src/index.ts": `export { value } from "./value.js";`,
      "packages/x/src/value.ts": `export const value: string = "first";`,
    },
    links: workspace,
    edited: "packages/x/src/value.ts",
    imports: `import { value } from "@app/x";`,
    watched: ["packages/x/package.json"],
  },
  "a path in a workspace package": {
    files: {
      "packages/x/package.json": `{ "name": "@app/x", "exports": { "./*": { "types": "./none.d.ts", "import": "./src/*.mts" } } }`,
      "packages/x/src/value.mts": `export const value: string = "first";`,
    },
    links: workspace,
    edited: "packages/x/src/value.mts",
    imports: `import { value } from "@app/x/value";`,
  },
  "a workspace package with main, in CommonJS": {
    files: {
      "packages/x/package.json": `{ "name": "@app/x", "main": "lib" }`,
      "packages/x/lib/index.js": `exports.value = require("./value");`,
      "packages/x/lib/value.js": `module.exports = "first";`,
    },
    links: workspace,
    edited: "packages/x/lib/value.js",
    imports: `import { value } from "@app/x";`,
  },
  "a workspace package that another one imports": {
    files: {
      "packages/x/package.json": `{ "name": "@app/x", "exports": "./i.ts" }`,
      "packages/x/i.ts": `export { value } from "y";`,
      "packages/y/package.json": `{ "name": "y", "main": "./y.ts" }`,
      "packages/y/y.ts": `export const value = "first";`,
    },
    links: { ...workspace, "packages/x/node_modules/y": "packages/y" },
    edited: "packages/y/y.ts",
    imports: `import { value } from "@app/x";`,
  },
  "the imports of the package": {
    files: { "package.json": `{ "name": "app", "imports": { "#lib/*": "./lib/*.ts" } }`, "lib/value.ts": `export const value = "first";` },
    edited: "lib/value.ts",
    imports: `import { value } from "#lib/value";`,
    watched: ["package.json"],
  },
  "imports that lead to a workspace package": {
    files: {
      "package.json": `{ "name": "app", "imports": { "#x": "@app/x" } }`,
      "packages/x/package.json": `{ "name": "@app/x", "exports": "./i.ts" }`,
      "packages/x/i.ts": `export const value = "first";`,
    },
    links: workspace,
    edited: "packages/x/i.ts",
    imports: `import { value } from "#x";`,
  },
  "the package's own name": {
    files: {
      "package.json": `{ "name": "app", "exports": { "./value": { "development": "./none.ts", "default": "./src/value.ts" } } }`,
      "src/value.ts": `export const value = "first";`,
    },
    edited: "src/value.ts",
    imports: `import { value } from "app/value";`,
  },
  "paths of tsconfig.json": {
    files: {
      "tsconfig.json": `{ // as editors take it\n "compilerOptions": { "paths": { "@/*": ["./none/*", "./src/*"], }, } }`,
      "src/value.ts": `export const value = "first";`,
    },
    edited: "src/value.ts",
    imports: `import { value } from "@/value";`,
    watched: ["tsconfig.json"],
  },
  "paths of a tsconfig.json that extends another": {
    files: {
      "base/tsconfig.json": `{ "compilerOptions": { "baseUrl": ".", "paths": { "value": ["../src/value.d.ts", "../src/value"] } } }`,
      "tsconfig.json": `{ "extends": "./base/tsconfig.json" }`,
      "src/value.ts": `export const value = "first";`,
    },
    edited: "src/value.ts",
    imports: `import { value } from "value";`,
    watched: ["tsconfig.json", "base/tsconfig.json"],
  },
  "a folder with a package.json": {
    files: { "lib/package.json": `{ "main": "./src/value.ts" }`, "lib/src/value.ts": `export const value = "first";` },
    edited: "lib/src/value.ts",
    imports: `import { value } from "./lib";`,
  },
  "a folder with an index": {
    files: { "lib/index.mts": `export const value = "first";` },
    edited: "lib/index.mts",
    imports: `import { value } from "./lib";`,
  },
  "a .tsx as .js": {
    files: {
      "value.tsx": `/** @jsx h */ const h = (tag: string, _: unknown, text: string) => text; export const value = <b>{"first"}</b>;`,
    },
    edited: "value.tsx",
    imports: `import { value } from "./value.js";`,
  },
  "a .jsx": {
    files: { "value.jsx": `/** @jsx h */ const h = (tag, _, text) => text; export const value = <b>{"first"}</b>;` },
    edited: "value.jsx",
    imports: `import { value } from "./value.jsx";`,
  },
  "a .mts as .mjs": {
    files: { "value.mts": `export const value: string = "first";` },
    edited: "value.mts",
    imports: `import { value } from "./value.mjs";`,
  },
  "a .cts as .cjs": {
    files: { "value.cts": `const value: string = "first"; export = { value };` },
    edited: "value.cts",
    imports: `import { value } from "./value.cjs";`,
  },
  "a .cts with import = and a function": {
    files: {
      "value.cts": `import make = require("./make.cjs"); export = { value: make() };`,
      "make.cjs": `module.exports = () => "first";`,
    },
    edited: "make.cjs",
    imports: `import { value } from "./value.cts";`,
  },
  "import = in an ES module": {
    files: { "make.cjs": `module.exports = () => "first";` },
    edited: "make.cjs",
    imports: `import make = require("./make.cjs"); const value = make();`,
  },
  "a JSON that is a list": {
    files: { "value.json": `["first"]` },
    edited: "value.json",
    imports: `import list from "./value.json" with { type: "json" }; const [value] = list;`,
  },
  "import() of a variable": {
    files: { "value.ts": `export const value = "first";` },
    edited: "value.ts",
    imports: `const name = "./value.ts"; const { value } = await import(name);`,
  },
  "import() of a text": {
    files: { "value.ts": `export default "first";` },
    edited: "value.ts",
    imports: `const { default: value } = await import("./value");`,
  },
  "import() of a URL": {
    files: { "value.ts": `export const value = "first";` },
    edited: "value.ts",
    imports: `const { value } = await import(new URL("./value.ts", import.meta.url));`,
  },
  "require() in an ES module": {
    files: { "value.ts": `export const value = "first";` },
    edited: "value.ts",
    imports: `const { value } = require("./value.ts");`,
  },
  "createRequire()": {
    files: { "value.json": `"first"` },
    edited: "value.json",
    imports: `import { createRequire } from "node:module"; const value = createRequire(import.meta.url)("./value.json");`,
  },
  "createRequire() of the default": {
    files: { "value.cjs": `module.exports = "first";` },
    edited: "value.cjs",
    imports: `import Module from "module"; const value = Module.createRequire(import.meta.filename)("./value.cjs");`,
  },
};

describe("Local code", () => {
  const files = configFolder();

  function arrange({ files: texts, links = {}, imports, gives = "value" }: Kind): ConfigLoader {
    files.write({ "proxy.config.ts": config(imports, gives), ...texts });
    for (const [link, to] of Object.entries(links)) {
      mkdirSync(path.dirname(files.path(link)), { recursive: true });
      symlinkSync(files.path(to), files.path(link), "dir");
    }
    return new ConfigLoader(files.path("proxy.config.ts"));
  }

  async function given(loader: ConfigLoader): Promise<unknown> {
    const loaded = await loader.load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  for (const [name, kind] of Object.entries(kinds)) {
    it(`is loaded, watched and loaded again: ${name}`, async () => {
      const loader = arrange(kind);
      expect(await given(loader)).to.equal("first");
      expect([...loader.files]).to.include.members([kind.edited, ...(kind.watched ?? [])].map((each) => files.path(each)));
      files.write({ [kind.edited]: (kind.files[kind.edited] ?? "").replace("first", "second") });
      expect(await given(loader)).to.equal("second");
    });
  }

  it("is found once the tsconfig.json or the package.json says where it is", async () => {
    const loader = arrange({
      files: {
        "tsconfig.json": `{ "compilerOptions": { "paths": { "b": ["./b.ts"] } } }`,
        "package.json": `{ "imports": {} }`,
        "value.ts": `export const value = 1;`,
      },
      edited: "",
      imports: `import { value } from "#v";`,
    });
    expect((await failureOf(() => loader.load())).where).to.equal(`${files.path("proxy.config.ts")}:1:23`);
    expect([...loader.files]).to.include(files.path("package.json"));
    files.write({ "package.json": `{ "imports": { "#v": "./value.ts" } }` });
    expect(await given(loader)).to.equal(1);
    files.write({ "proxy.config.ts": config(`import { value } from "v";`, "value") });
    await failureOf(() => loader.load());
    expect([...loader.files]).to.include(files.path("tsconfig.json"));
    files.write({ "tsconfig.json": `{ "compilerOptions": { "paths": { "v": ["./value.ts"] } } }` });
    expect(await given(loader)).to.equal(1);
  });

  it("has names that are checked like those of a relative file", async () => {
    const { files: texts, ...kind } = kinds["a workspace package in TypeScript, by a link"] as Kind;
    const error = await failureOf(() => arrange({ ...kind, files: texts, imports: `import { valeu as value } from "@app/x";` }).load());
    expect(error.message).to.include(`proxy.config.ts:1:10: "@app/x" does not export valeu, did you mean "value"?`);
  });

  it("does not include installed packages, which are left to Node", async () => {
    const installed = {
      "node_modules/far/package.json": `{ "name": "far", "type": "module", "exports": "./i.js" }`,
      "node_modules/far/i.js": `export const value = "first";`,
    };
    const loader = arrange({ files: installed, edited: "", imports: `import { value } from "far";` });
    expect(await given(loader)).to.equal("first");
    expect([...loader.files]).to.deep.equal([files.path("proxy.config.ts")]);
  });

  it("can be resolved to its place", async () => {
    const { files: texts, ...kind } = kinds["a workspace package in TypeScript, by a link"] as Kind;
    const loader = arrange({ ...kind, files: texts, imports: "", gives: `import.meta.resolve("@app/x")` });
    expect(await given(loader)).to.equal(pathToFileURL(files.path("packages/x/src/index.ts")).href);
  });

  it("that is missing is reported at the place that names it, and the error may be caught", async () => {
    const caught = arrange({
      files: {},
      edited: "",
      imports: `const name = "./gone.ts"; const value = await import(name).catch((error: NodeJS.ErrnoException) => error.code);`,
    });
    expect(await given(caught)).to.equal("ERR_MODULE_NOT_FOUND");
    const error = await failureOf(() => arrange({ files: {}, edited: "", imports: `const value = 1;\nawait import("./gone.ts");` }).load());
    expect(error.message).to.include(`${files.path("proxy.config.ts")}:2:14: cannot find the module "./gone.ts"`);
    expect((await failureOf(() => arrange({ files: {}, edited: "", imports: `const value = require("./gone");` }).load())).where).to.equal(
      `${files.path("proxy.config.ts")}:1:23`,
    );
  });

  it("that awaits cannot be required, and says so", async () => {
    const error = await failureOf(() =>
      arrange({ files: { "b.ts": "export const b = await 1;" }, edited: "", imports: `const value = require("./b.ts");` }).load(),
    );
    expect(error.message).to.include("awaits at its top level: import() it");
  });
});
