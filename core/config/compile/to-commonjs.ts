import type { Options, Output } from "@swc/core";
import type { Program } from "acorn";
import { readRecord, recordOf, type ModuleRecord } from "./module-record.ts";
import { parserOf } from "./parser-of.ts";
import { freeNames, rename } from "./rename.ts";
import { swc } from "./swc.ts";
import { moduleTree, scriptTree } from "./syntax-tree.ts";
import { jsonSyntaxError, swcSyntaxError, treeSyntaxError } from "../explain/syntax-error.ts";

/** How a module was written: an ES module that imports CommonJS or JSON gets the whole exports object as the default. */
type Format = "module" | "commonjs" | "json";

/**
 * A module as code that, evaluated as CommonJS, sets `module.body` to a function that runs the module. That of an ES module is a generator: at its
 * first step it has its functions and its imports, as a linked module, and at the second one it is evaluated.
 */
export interface CommonJsModule {
  readonly format: Format;
  readonly code: string;
  readonly record: ModuleRecord;
  /** The source map from the code that the record was read from to the source. */
  readonly map: string;
}

const shared: Options = {
  configFile: false,
  swcrc: false,
  sourceMaps: true,
  // Node reads the file itself when it shows a line; without the text a map is a third of the size.
  inlineSourcesContent: false,
};

const target = "es2022";

/** The code without types, decorators and JSX; imports that are not used as values are removed, as tsc does it. */
function plain(file: string, source: string, options: Options): Output {
  const all: Options = { ...shared, ...options, filename: file };
  const js = { target, keepClassNames: true, experimental: { keepImportAssertions: true } } as const;
  const transform = { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true };
  // What tsyringe needs: legacy decorators, and the types of constructor parameters.
  const output = swc(file).transformSync(source, { ...all, jsc: { ...js, parser: parserOf(file), transform } });
  if (!/\baccessor\b/.test(output.code)) return output;
  // Fields with `accessor`, which no engine knows yet, are left by that, and translated together with the decorators of the standard.
  const standard = { ...js, parser: parserOf("plain.js"), transform: { decoratorVersion: "2022-03" } } as const;
  return swc(file).transformSync(output.code, { ...all, inputSourceMap: output.map ?? "", jsc: standard });
}

/** @throws SLUICE_CONFIG_SYNTAX, SLUICE_COMPILER_UNAVAILABLE */
export function toCommonJs(file: string, source: string): CommonJsModule {
  if (file.endsWith(".json")) return json(file, source);
  // Here, not where it is used: what is thrown there is what a file has wrong.
  swc(file);
  // A shebang may only be at the very beginning, and the code is wrapped.
  const text = source.replace(/^#!/, "//");
  if (file.endsWith(".cjs"))
    return commonJs(
      file,
      source,
      plainOr(file, source, () => plainScript(file, text)),
    );
  let output: Output;
  try {
    // The only kind of output that knows `import a = require()`.
    output = plain(file, text, { module: { type: "nodenext" } });
  } catch (error) {
    const script = asScript(file, text);
    if (script === undefined || /\.m[jt]s$/.test(file)) throw swcSyntaxError(file, source, error);
    return commonJs(file, source, script);
  }
  const tree = treeOf(file, source, output, moduleTree);
  const record = readRecord(tree, parserOf(file).syntax === "typescript");
  const isModule = record.isModule || !record.isCommonJs || /\.m[jt]s$/.test(file);
  return isModule ? esModule(file, output, tree, record) : commonJs(file, source, output);
}

function json(file: string, source: string): CommonJsModule {
  try {
    const value: unknown = JSON.parse(source);
    const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
    return { format: "json", code: source, record: recordOf([...names, "default"]), map: "" };
  } catch (error) {
    throw jsonSyntaxError(file, source, error as SyntaxError);
  }
}

function plainScript(file: string, text: string): Output {
  return plain(file, text, { isModule: "commonjs" });
}

function plainOr(file: string, source: string, body: () => Output): Output {
  try {
    return body();
  } catch (error) {
    throw swcSyntaxError(file, source, error);
  }
}

/** Code that is not an ES module may still be CommonJS: `export = `, `return`, `with`. Undefined when it is neither. */
function asScript(file: string, text: string): Output | undefined {
  try {
    return isExportAssignment(file, text) ? plain(file, text, { module: { type: "commonjs" } }) : plainScript(file, text);
  } catch {
    return undefined;
  }
}

function isExportAssignment(file: string, text: string): boolean {
  try {
    return swc(file)
      .parseSync(text, { ...parserOf(file), target })
      .body.some(({ type }) => type === "TsExportAssignment");
  } catch {
    return false;
  }
}

function treeOf(file: string, source: string, { code, map = "" }: Output, parse: (code: string) => Program): Program {
  try {
    return parse(code);
  } catch (error) {
    throw treeSyntaxError(file, source, map, error as SyntaxError);
  }
}

function commonJs(file: string, source: string, output: Output): CommonJsModule {
  const tree = treeOf(file, source, output, scriptTree);
  const names = freeNames(output.code);
  // Its `require` is the parameter of that name.
  const code = rename(output.code, tree, { ...names, require: "require" });
  const head = `module.body = function (exports, require, module, __filename, __dirname, ${names.load}) {`;
  return { format: "commonjs", code: wrapped(head, code, output.map), record: readRecord(tree, false), map: output.map ?? "" };
}

function esModule(file: string, output: Output, tree: Program, record: ModuleRecord): CommonJsModule {
  const names = freeNames(output.code);
  // swc puts exports and imports above all other statements, so the first one comes when a module is linked.
  const { code, map } = swc(file).transformSync(`${names.yield};\n${rename(output.code, tree, names)}`, {
    ...shared,
    filename: file,
    inputSourceMap: oneLineDown(output.map),
    jsc: { target, parser: { syntax: "ecmascript" } },
    module: { type: "commonjs", importInterop: "none" },
  });
  const head = `module.body = (${names.require}, ${names.meta}, ${names.load}) => ${record.awaits ? "async " : ""}function* () {`;
  return { format: "module", code: wrapped(head, code.replace(names.yield, "yield"), map), record, map: output.map ?? "" };
}

/** The head is a line of its own. */
function wrapped(head: string, code: string, map?: string): string {
  const encoded = Buffer.from(oneLineDown(map)).toString("base64");
  return `${head}\n${code}\n};\n//# sourceMappingURL=data:application/json;base64,${encoded}`;
}

/** The map of the same code below another line. */
function oneLineDown(map = "{}"): string {
  const parsed = JSON.parse(map) as { mappings?: string };
  return JSON.stringify({ ...parsed, mappings: `;${parsed.mappings ?? ""}` });
}
