import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

/** A config that hands out, as the value of a provider, what an expression gives. */
const config = (imports: string, expression: string): string =>
  `${imports}\nexport default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: ${expression} }] };\n`;

/** Packages of each kind, as they are installed. */
const packages = {
  "node_modules/esm/package.json": `{ "name": "esm", "type": "module", "exports": "./i.js" }`,
  "node_modules/esm/i.js": `export const there = 1; export default { within: 2 };`,
  "node_modules/cjs/package.json": `{ "name": "cjs", "main": "i.js" }`,
  "node_modules/cjs/i.js": `for (const name of ["hidden", "seen"]) exports[name] = name; exports.seen = "seen";`,
  "node_modules/fn/package.json": `{ "name": "fn", "main": "i.js" }`,
  "node_modules/fn/i.js": `module.exports = () => "called"; module.exports.extra = "extra";`,
};

const mark = `import { marks } from "./marks.ts"; marks.push(import.meta.filename.replace(/^.*[/]/, ""));`;

describe("The names that the modules of a config import", () => {
  const files = configFolder();

  async function load(): Promise<unknown> {
    const loaded = await new ConfigLoader(files.path("proxy.config.ts")).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  function given(imports: string, expression: string, others: Readonly<Record<string, string>> = {}): Promise<unknown> {
    files.write({ "proxy.config.ts": config(imports, expression), ...others });
    return load();
  }

  const refused: Record<
    string,
    { readonly imports: string; readonly others?: Readonly<Record<string, string>>; readonly says: string; readonly at: string }
  > = {
    "a local module's": {
      imports: `import {\n  clientAuth as auth,\n} from "./tls.ts";`,
      others: { "tls.ts": `export const clientAuths = { require: true };` },
      says: `"./tls.ts" does not export clientAuth, did you mean "clientAuths"?`,
      at: "proxy.config.ts:2:3",
    },
    "a default": {
      imports: `import auth from "./b.js";`,
      others: { "b.js": "export const a = 1;" },
      says: `"./b.js" does not export default`,
      at: "proxy.config.ts:1:8",
    },
    "one handed on": {
      imports: `import { auth } from "./b.ts";`,
      others: { "b.ts": `export const b = 1;\nexport { gone as auth } from "./c.ts";`, "c.ts": "export const c = 1;" },
      says: `"./c.ts" does not export gone`,
      at: "b.ts:2:10",
    },
    "one imported and handed on": {
      imports: `import { auth } from "./b.ts";`,
      others: { "b.ts": `import { gone } from "./c.ts";\nexport { gone as auth };`, "c.ts": "export const c = 1;" },
      says: `"./c.ts" does not export gone`,
      at: "b.ts:1:10",
    },
    "one handed on by nobody's `export *`": {
      imports: `import { auth } from "./b.ts";`,
      others: { "b.ts": `export * from "./c.ts"; export * from "esm";`, "c.ts": "export const c = 1; export default 2;" },
      says: `"./b.ts" does not export auth`,
      at: "proxy.config.ts:1:10",
    },
    "a default through `export *`": {
      imports: `import auth from "./b.ts";`,
      others: { "b.ts": `export * from "./c.ts";`, "c.ts": "export default 2;" },
      says: `"./b.ts" does not export default`,
      at: "proxy.config.ts:1:8",
    },
    "one that two `export *` have": {
      imports: `import { auth } from "./b.ts";`,
      others: {
        "b.ts": `export * from "./c.ts"; export * from "./d.ts";`,
        "c.ts": "export const auth = 1;",
        "d.ts": "export const auth = 2;",
      },
      says: `"./b.ts" exports two things called auth`,
      at: "proxy.config.ts:1:10",
    },
    "one that modules hand to each other in a circle": {
      imports: `import { auth } from "./b.ts";`,
      others: { "b.ts": `export { auth } from "./c.ts";`, "c.ts": `export { auth } from "./b.ts";` },
      says: `does not export auth`,
      at: "c.ts:1:10",
    },
    "a type used as a value": {
      imports: `import { Auth as auth } from "./b.ts";`,
      others: { "b.ts": "export interface Auth {}" },
      says: `"./b.ts" exports Auth as a type only`,
      at: "proxy.config.ts:1:10",
    },
    "an ES package's": { imports: `import { auth } from "esm";`, says: `"esm" does not export auth`, at: "proxy.config.ts:1:10" },
    "one within an ES package's default": {
      imports: `import { within as auth } from "esm";`,
      says: `"esm" does not export within`,
      at: "proxy.config.ts:1:10",
    },
    "a CommonJS package's": { imports: `import { auth } from "cjs";`, says: `"cjs" does not export auth`, at: "proxy.config.ts:1:10" },
    "one of a builtin": {
      imports: `import { readFileSink as auth } from "node:fs";`,
      says: `"node:fs" does not export readFileSink, did you mean "readFileSync"?`,
      at: "proxy.config.ts:1:10",
    },
    "one of sluice/plugins": {
      imports: `import { loging as auth } from "sluice/plugins";`,
      says: `did you mean "logging"?`,
      at: "proxy.config.ts:1:10",
    },
    "local CommonJS's": {
      imports: `import { auth } from "./b.cjs";`,
      others: { "b.cjs": "exports.aut = 1;" },
      says: `"./b.cjs" does not export auth, did you mean "aut"?`,
      at: "proxy.config.ts:1:10",
    },
    "one that CommonJS is to hand on": {
      imports: `import { auth } from "./b.ts";`,
      others: { "b.ts": `export { auth } from "./c.cjs";`, "c.cjs": "exports.a = 1;" },
      says: `"./c.cjs" does not export auth`,
      at: "b.ts:1:10",
    },
    "a key of JSON": {
      imports: `import { auth } from "./b.json";`,
      others: { "b.json": `{ "aut": 1 }` },
      says: `"./b.json" does not export auth`,
      at: "proxy.config.ts:1:10",
    },
    "an import of JavaScript that nothing uses": {
      imports: `import { a as auth } from "./b.js";`,
      others: { "b.js": `import { gone } from "./c.js";\nexport const a = 1;`, "c.js": "export const c = 1;" },
      says: `"./c.js" does not export gone`,
      at: "b.js:1:10",
    },
  };
  for (const [kind, { imports, others, says, at }] of Object.entries(refused)) {
    it(`are refused if they do not exist: ${kind}`, async () => {
      files.write({ ...packages, "proxy.config.ts": config(imports, "auth"), ...others });
      const error = await failureOf(load);
      expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
      expect(error.message).to.include(says);
      expect(error.where).to.equal(files.path(at));
      expect(error.frame).to.include(`> ${at.split(":")[1]} |`);
      expect(error.cause).to.be.instanceOf(SyntaxError);
    });
  }

  it("are checked before anything is evaluated", async () => {
    const marks = globalThis as { sluiceMarks?: string[] };
    marks.sluiceMarks = [];
    files.write({
      "proxy.config.ts": config(`import "./first.ts"; import { gone } from "./b.ts";`, "gone"),
      "first.ts": `globalThis.sluiceMarks.push("first");`,
      "b.ts": `globalThis.sluiceMarks.push("b"); export const b = 1;`,
    });
    await failureOf(load);
    expect(marks.sluiceMarks).to.deep.equal([]);
    delete marks.sluiceMarks;
  });

  it("are found when a later save adds them", async () => {
    files.write({ "proxy.config.ts": config(`import { auth } from "./b.ts";`, "auth"), "b.ts": "export const aut = 1;" });
    await failureOf(load);
    files.write({ "b.ts": "export const auth = 1;" });
    expect(await load()).to.equal(1);
  });

  const accepted: Record<
    string,
    { readonly imports: string; readonly gives: string; readonly others?: Readonly<Record<string, string>>; readonly is: unknown }
  > = {
    "types without `type`": {
      imports: `import { T, value, Kind } from "./b.ts"; import { Session, Duplex } from "sluice";\nlet a: T | Session | Duplex | Kind = value;`,
      gives: "a",
      others: { "b.ts": "export interface T {}; export type Kind = 1; export const value = 1;" },
      is: 1,
    },
    "types that are handed on without `type`": {
      imports: `import { T, value } from "./b.ts"; let a: T = value;`,
      gives: "a",
      others: {
        "b.ts": `import { T } from "./c.ts"; export { T }; export { value, Other } from "./c.ts"; export * from "./d.ts";`,
        "c.ts": `import type { T as Far } from "./d.ts"; export { Far as T }; interface Other {}; export { Other }; export const value = 2;`,
        "d.ts": "export type T = number;",
      },
      is: 2,
    },
    "names of CommonJS that cannot be seen in its text": {
      imports: `import { hidden, seen } from "cjs"; import whole from "cjs";`,
      gives: "[hidden, seen, whole.hidden]",
      is: ["hidden", "seen", "hidden"],
    },
    "a function that is CommonJS": {
      imports: `import fn, { extra } from "fn"; import own, { mine } from "./b.cjs";`,
      gives: "[fn(), extra, own(), mine]",
      others: { "b.cjs": `module.exports = () => "own"; module.exports.mine = "mine";` },
      is: ["called", "extra", "own", "mine"],
    },
    "a namespace, whose missing members are undefined": {
      imports: `import * as ns from "./b.ts"; import * as esm from "esm";`,
      gives: "[ns.gone, esm.gone, ns.toString, Object.keys(ns), Object.prototype.toString.call(ns)]",
      others: { "b.ts": "export const z = 1; export default 2;" },
      is: [undefined, undefined, undefined, ["default", "z"], "[object Module]"],
    },
    "`export *` that has one thing twice": {
      imports: `import { one } from "./b.ts"; import * as all from "./b.ts";`,
      gives: "[one, Object.keys(all), all.c, all.esm.there]",
      others: {
        "b.ts": `export * from "./c.ts"; export * from "./d.ts"; export * as esm from "esm";`,
        "c.ts": `export * from "./d.ts"; export const c = "c"; export const both = 1;`,
        "d.ts": `export const one = 1; export const two = 2; export const both = 2;`,
      },
      is: [1, ["c", "esm", "one", "two"], "c", 1],
    },
    "an own name before one of `export *`": {
      imports: `import { a } from "./b.ts";`,
      gives: "a",
      others: { "b.ts": `export * from "./c.ts"; export const a = "own";`, "c.ts": `export const a = "other";` },
      is: "own",
    },
    "names of odd spelling": {
      imports: `import { "odd name" as odd } from "./b.ts";`,
      gives: "odd",
      others: { "b.ts": `const a = 1; export { a as "odd name" };` },
      is: 1,
    },
    "circles, through functions": {
      imports: `import { even } from "./b.ts";`,
      gives: "even(10)",
      others: {
        "b.ts": `import { odd } from "./c.ts"; export function even(n: number): boolean { return n === 0 || odd(n - 1); }`,
        "c.ts": `import { even } from "./b.ts"; export const early = even(0); export function odd(n: number): boolean { return n !== 0 && even(n - 1); }`,
      },
      is: true,
    },
    "bindings that change": {
      imports: `import { count, add } from "./b.ts"; add();`,
      gives: "count",
      others: { "b.ts": "export let count = 1; export function add() { count += 1; }" },
      is: 2,
    },
    "JSON, its keys and all of it": {
      imports: `import all, { a } from "./b.json"; import list from "./c.json";`,
      gives: "[a, Object.keys(all), Array.isArray(list), Object.getPrototypeOf(all) === Object.prototype]",
      others: { "b.json": `{ "a": 1, "__proto__": { "b": 2 } }`, "c.json": "[1]" },
      is: [1, ["a", "__proto__"], true, true],
    },
  };
  for (const [kind, { imports, gives, others, is }] of Object.entries(accepted)) {
    it(`are taken as ECMAScript takes them: ${kind}`, async () => {
      expect(await given(imports, gives, { ...packages, ...others })).to.deep.equal(is);
    });
  }

  it("cannot be read before they are declared, in a circle", async () => {
    files.write({
      "proxy.config.ts": config(`import { a } from "./a.ts";`, "a"),
      "a.ts": `import "./b.ts"; export const a = 1;`,
      "b.ts": `import { a } from "./a.ts";\nexport const b = a;`,
    });
    const error = await failureOf(load);
    expect(error.message).to.include("Cannot access 'a' before initialization");
    expect(error.where).to.equal(`${files.path("b.ts")}:2:18`);
  });

  it("evaluate every module once and in order", async () => {
    const others = {
      "marks.ts": "export const marks: string[] = [];",
      "a.ts": `import "./b.ts"; ${mark}`,
      "b.ts": mark,
      "c.ts": `import "./a.ts"; import "./b.ts"; ${mark}`,
    };
    expect(await given(`import "./c.ts"; import "./a.ts"; import { marks } from "./marks.ts";`, "marks", others)).to.deep.equal([
      "b.ts",
      "a.ts",
      "c.ts",
    ]);
  });
});
