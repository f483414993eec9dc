import { expect } from "chai";
import { configSchema } from "../../core/config/check/config-schema.ts";
import * as faults from "../../plugins/faults/index.ts";
import * as plugins from "../../plugins/index.ts";
import { filesUnder, readText } from "../support/repository.ts";
import { declaredInterfaces, declaredValue, type DeclaredOption } from "../support/declared-options.ts";

const declared = declaredInterfaces(["dist/core/contract", "dist/plugins"]);

/** Whether a docstring says more than the default. */
const hasText = (doc: string): boolean => /[a-z]{3}/i.test(doc.replace(/@default.*/, ""));

/** What of a zod schema says what an object has; the ways are zod's own. */
interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly def?: {
    readonly innerType?: Schema;
    readonly in?: Schema;
    readonly element?: Schema;
    readonly valueType?: Schema;
    readonly options?: readonly Schema[];
  };
}

/** The object that a schema reads, under defaults, transformations, lists and tables. */
function objectIn(schema: Schema | undefined): Schema | undefined {
  if (schema === undefined || schema.shape !== undefined) return schema;
  const { innerType, in: input, element, valueType, options = [] } = schema.def ?? {};
  return [innerType, input, element, valueType, ...options].map((inner) => objectIn(inner)).find((found) => found !== undefined);
}

/** Differences between an interface and the schema that it is checked with, and options that an editor shows nothing of; deep. */
function problemsOf(path: string, options: readonly DeclaredOption[], schema: Schema): string[] {
  const shape = schema.shape ?? {};
  const names = new Set(options.map(({ name }) => name));
  const missing = Object.keys(shape).filter((name) => !names.has(name));
  return [
    ...missing.map((name) => `${path}.${name}: the schema has it, the interface has not`),
    ...options.flatMap(({ name, type, doc }) => {
      const here = `${path}.${name}`;
      const inner = objectIn(shape[name]);
      const nested = Array.from(type.matchAll(/\b[A-Z]\w+\b/g), ([word]) => declared.get(word)).find((found) => found !== undefined);
      return [
        ...(name in shape ? [] : [`${here}: the interface has it, the schema has not`]),
        ...(hasText(doc) ? [] : [`${here}: an editor shows nothing`]),
        ...(inner === undefined || nested === undefined ? [] : problemsOf(here, nested, inner)),
      ];
    }),
  ];
}

interface Factory {
  readonly definition: { readonly id: string; readonly keys: readonly string[]; readonly schema: Schema };
}
const factoriesOf = (entryPoint: object): [string, Factory][] =>
  Object.entries(entryPoint).filter((entry): entry is [string, Factory] => typeof entry[1] === "function" && "definition" in entry[1]);
const factories = [...factoriesOf(plugins), ...factoriesOf(faults)];
/** These take more than options. */
const functions: Readonly<Record<string, string>> = { script: "FaultConfig", network: "NetworkOptions" };

describe("the text that an editor shows", () => {
  it("exists for every built-in plugin", () => {
    expect(factoriesOf(plugins)).to.have.lengthOf.at.least(13);
    expect(factoriesOf(faults)).to.have.lengthOf.at.least(16);
  });

  it("says for every interface of options what it is for, and for each of its options", () => {
    const folders = ["contract", "flow", "codec", "testing", "runtime/proxy"].map((folder) => `dist/core/${folder}`).concat("dist/plugins");
    const entryPoints = [
      "core",
      "core/contract",
      "core/flow",
      "core/codec",
      "core/testing",
      "plugins",
      "plugins/faults",
      "plugins/rate-limit/redis",
    ];
    const exported = new Set(entryPoints.flatMap((folder) => readText(`dist/${folder}/index.d.ts`).match(/\w+/g) ?? []));
    // And those that events, tests and plugins are given.
    const given = /^(?:SessionRecord|Logger|Counter|Gauge|Place|Check|MarbleTest|ToxiproxyServer)$/;
    const isOfOptions = (name: string): boolean => exported.has(name) && (/(?:Options|Config|Case|Cases)$/.test(name) || given.test(name));
    const bare = folders
      .flatMap((folder) => filesUnder(folder, ".d.ts"))
      .flatMap((file) => Array.from(readText(file).matchAll(/(\*\/\n)?^export interface (\w+)/gm)))
      .filter(([, doc, name = ""]) => doc === undefined && isOfOptions(name))
      .map(([, , name]) => name);
    const silent = [...declaredInterfaces(folders)]
      .filter(([name]) => isOfOptions(name))
      .flatMap(([name, options]) => options.filter(({ doc }) => !hasText(doc)).map((option) => `${name}.${option.name}`));
    expect([...bare, ...silent]).to.deep.equal([]);
  });

  for (const [name, { definition }] of factories) {
    it(`for ${name}() is one line and an example`, () => {
      const { doc = "" } = declaredValue(["dist/plugins"], name) ?? {};
      expect(doc).to.match(/^\s+\* [A-Z][^\n]+\.\n/);
      expect(doc).to.match(new RegExp(String.raw`@example .*${name}\(`));
    });

    if (name in functions) continue;

    it(`for the options of ${name}() says what each is for, and the options are the same as in its schema`, () => {
      const { type = "" } = declaredValue(["dist/plugins"], name) ?? {};
      if (definition.keys.length === 0) return;
      const [, options = ""] = /PluginFactory<(\w+)>$/.exec(type) ?? [];
      expect(declared.has(options), `an interface as the options' type, got ${type}`).to.equal(true);
      expect(problemsOf(name, declared.get(options) ?? [], definition.schema)).to.deep.equal([]);
    });
  }

  for (const [name, options] of Object.entries(functions))
    it(`for the options of ${name}() says what each is for`, () => {
      const { doc = "", type = "" } = declaredValue(["dist/plugins"], name) ?? {};
      expect(doc).to.match(new RegExp(String.raw`@example .*${name}\(`));
      expect(type).to.include(`options?: ${options}`);
      expect(declared.get(options)?.filter(({ doc: text }) => !/[a-z]{3}/i.test(text.replace(/@default.*/, "")))).to.deep.equal([]);
    });

  it("for a step of script() says what each fault is, and what its options are", () => {
    const { shape = {} } = factoriesOf(faults).find(([name]) => name === "script")?.[1].definition.schema ?? {};
    const step = objectIn(shape["steps"]);
    expect(problemsOf("step", declared.get("ScriptFaults") ?? [], step ?? {})).to.deep.equal([]);
  });

  it("for a config says what each option is for, and the options are the same as in its schema", () => {
    expect(problemsOf("config", declared.get("SluiceConfig") ?? [], objectIn(configSchema([]) as Schema) ?? {})).to.deep.equal([]);
  });
});
