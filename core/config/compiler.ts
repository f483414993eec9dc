import { createHash } from "node:crypto";
import { transformSync, type Options } from "@swc/core";
import { readSafely } from "./safe-source.ts";
import { jsonSyntaxError, swcSyntaxError } from "./syntax-error.ts";

/** A local module as it was read. */
export interface Source {
  readonly file: string;
  readonly source: string;
  /** Of the source. */
  readonly hash: string;
}

/** A local module, ready to be evaluated as CommonJS. */
export interface Compiled extends Source {
  readonly code: string;
  /** What it may import; a text that only looks like an import may be among them. */
  readonly specifiers: readonly string[];
  /** How it was written: an ES module that imports CommonJS or JSON gets the whole of it as the default. */
  readonly format: "module" | "commonjs" | "json";
}

const base: Options = {
  configFile: false,
  swcrc: false,
  sourceMaps: "inline",
  // Node reads the file itself when it shows a line; without the text a map is a third of the size.
  inlineSourcesContent: false,
  module: { type: "commonjs", importInterop: "none", preserveImportMeta: true },
};

function swcOptions(file: string): Options {
  return {
    ...base,
    filename: file,
    jsc: {
      target: "es2022",
      keepClassNames: true,
      parser: /\.[cm]?jsx?$/.test(file)
        ? { syntax: "ecmascript", jsx: file.endsWith("x"), decorators: true }
        : { syntax: "typescript", tsx: file.endsWith("x"), decorators: true },
      // What tsyringe needs: decorators of the first kind, and the types of constructor parameters.
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    },
  };
}

function toCommonJs(file: string, source: string): string {
  if (file.endsWith(".json")) {
    try {
      JSON.parse(source);
    } catch (error) {
      throw jsonSyntaxError(file, source, error as SyntaxError);
    }
    return `module.exports = ${source}`;
  }
  if (file.endsWith(".cjs")) return source;
  try {
    // What swc would make of it gives paths for URLs, and throws where Node does not. As long as it is, so that the source map holds.
    return transformSync(source, swcOptions(file)).code.replaceAll("import.meta", "module.meta");
  } catch (error) {
    throw swcSyntaxError(file, source, error);
  }
}

function specifiersOf(file: string, code: string): readonly string[] {
  if (file.endsWith(".json")) return [];
  return [...new Set([...code.matchAll(/\brequire\(["']([^"'\\\n]+)["']\)/g)].map((match) => match[1] ?? ""))];
}

function formatOf(file: string, source: string): Compiled["format"] {
  if (file.endsWith(".json")) return "json";
  if (file.endsWith(".cjs") || file.endsWith(".cts")) return "commonjs";
  const assigns = /\bmodule\.exports\b|^\s*exports\.[\w$]+\s*=/m.test(source);
  return assigns && !/^\s*(?:import|export)[\s{*"']/m.test(source) ? "commonjs" : "module";
}

/** Compiles local modules with swc; what has not changed since the last load is not compiled again. */
export class Compiler {
  readonly #memo = new Map<string, Compiled>();

  /** @throws SLUICE_CONFIG_UNSAFE, SLUICE_CONFIG_NOT_FOUND */
  read(file: string): Source {
    const source = readSafely(file);
    const known = this.#memo.get(file);
    // The text is at hand: comparing it is as fast as trusting time stamps, and never wrong.
    if (known?.source === source) return known;
    return { file, source, hash: createHash("sha256").update(source).digest("base64") };
  }

  /** @throws SLUICE_CONFIG_SYNTAX */
  compile({ file, source, hash }: Source): Compiled {
    const known = this.#memo.get(file);
    if (known?.hash === hash) return known;
    // A shebang may only stand first, and the code is wrapped.
    const code = toCommonJs(file, source.replace(/^#!/, "//"));
    const compiled = { file, source, code, specifiers: specifiersOf(file, code), hash, format: formatOf(file, source) };
    this.#memo.set(file, compiled);
    return compiled;
  }

  /** Forgets every file but these, so that the memory never outgrows one load. */
  keep(files: ReadonlySet<string>): void {
    for (const file of this.#memo.keys()) if (!files.has(file)) this.#memo.delete(file);
  }
}
