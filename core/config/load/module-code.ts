import { Module } from "node:module";
import path from "node:path";
import type { Compiled } from "../compile/compiler.ts";
import { engineSyntaxError } from "../explain/syntax-error.ts";

/** Module with members that Node does not document; jiti, tsx and pirates rely on the same. */
interface OpenModule {
  exports: unknown;
  filename: string;
  paths: string[];
  /** The function that the translated code sets. */
  body?: (...parameters: unknown[]) => unknown;
  require(specifier: string): unknown;
  _compile(code: string, file: string, format: "commonjs"): void;
}
const open = Module as unknown as { new (file: string): OpenModule; _nodeModulePaths(folder: string): string[] };

/** The translated code of an ES module: the first step links it, the second one evaluates it. */
type Steps = Generator<void, void> | AsyncGenerator<void, void>;

/** What the code of a module uses besides its imports. */
export interface Surroundings {
  readonly require: NodeJS.Require;
  readonly meta: ImportMeta;
  /** `import()`. */
  readonly load: (specifier: unknown, options?: unknown) => Promise<unknown>;
}

/** The code of a local module, which runs once: as CommonJS that is in no cache. */
export class ModuleCode {
  readonly #compiled: Compiled;
  readonly #module: OpenModule;
  readonly #surroundings: () => Surroundings;
  #steps: Steps | undefined;

  /** @param imported returns the namespace that an `import` of the module leads to */
  constructor(compiled: Compiled, imported: (specifier: string) => unknown, surroundings: () => Surroundings) {
    this.#compiled = compiled;
    this.#surroundings = surroundings;
    this.#module = new open(compiled.file);
    this.#module.filename = compiled.file;
    this.#module.paths = open._nodeModulePaths(path.dirname(compiled.file));
    if (compiled.format === "module") this.#module.exports = Object.create(null);
    // In translated code this is an import; an author's own `require` has another name there.
    this.#module.require = imported;
  }

  get exports(): unknown {
    return this.#module.exports;
  }

  /** Makes the functions and the imports of an ES module; none of its code runs. @returns a promise if the module awaits */
  link(): unknown {
    if (this.#compiled.format !== "module" || this.#steps !== undefined) return undefined;
    this.#compile();
    const { require, meta, load } = this.#surroundings();
    const begin = this.#module.body?.(require, meta, load) as () => Steps;
    this.#steps = begin();
    return this.#steps.next();
  }

  /** Runs it. @returns a promise if the module awaits */
  execute(): unknown {
    const { format, code, file } = this.#compiled;
    if (format === "module") return this.#steps?.next();
    const module = this.#module;
    if (format === "json") return (module.exports = JSON.parse(code));
    this.#compile();
    const { require, load } = this.#surroundings();
    return module.body?.call(module.exports, module.exports, require, module, file, path.dirname(file), load);
  }

  #compile(): void {
    const { file, source, code } = this.#compiled;
    try {
      // The format is given, since Node would otherwise look for ES module syntax and load the code as an ES module, for ever.
      this.#module._compile(code, file, "commonjs");
    } catch (error) {
      throw engineSyntaxError(file, source, code, error) ?? error;
    }
  }
}
