import { createHash } from "node:crypto";
import { readSafely } from "../files/safe-source.ts";
import { toCommonJs, type CommonJsModule } from "./to-commonjs.ts";

/** A local module as it was read. */
export interface Source {
  readonly file: string;
  readonly source: string;
  /** The hash of the source. */
  readonly hash: string;
}

/** A local module, ready to be linked and evaluated. */
export interface Compiled extends Source, CommonJsModule {
  /** Every module that it names, without duplicates. */
  readonly specifiers: readonly string[];
}

/** Compiles local modules with swc; a module that has not changed since the last load is not compiled again. */
export class Compiler {
  readonly #memo = new Map<string, Compiled>();

  /** @param given the texts of modules that are not in a file */
  constructor(private readonly given: ReadonlyMap<string, string>) {}

  /** A compiler that already knows these modules: it neither reads nor compiles them. */
  static knowing(modules: readonly Compiled[]): Compiler {
    const compiler = new Compiler(new Map(modules.map(({ file, source }) => [file, source])));
    for (const each of modules) compiler.#memo.set(each.file, each);
    return compiler;
  }

  /** @throws SLUICE_CONFIG_UNSAFE, SLUICE_CONFIG_NOT_FOUND */
  read(file: string): Source {
    const source = this.given.get(file) ?? readSafely(file);
    const known = this.#memo.get(file);
    // The text is in memory: comparing it is as fast as comparing time stamps, and never wrong.
    if (known?.source === source) return known;
    return { file, source, hash: createHash("sha256").update(source).digest("base64") };
  }

  /** @throws SLUICE_CONFIG_SYNTAX, SLUICE_COMPILER_UNAVAILABLE */
  compile({ file, source, hash }: Source): Compiled {
    const known = this.#memo.get(file);
    if (known?.hash === hash) return known;
    const translated = toCommonJs(file, source);
    const { requests, lazy } = translated.record;
    const specifiers = [...new Set([...requests, ...lazy].map(({ specifier }) => specifier))];
    const compiled = { file, source, hash, ...translated, specifiers };
    this.#memo.set(file, compiled);
    return compiled;
  }

  /** Forgets every file but these, so that the memory never outgrows one load. */
  keep(files: ReadonlySet<string>): void {
    for (const file of this.#memo.keys()) if (!files.has(file)) this.#memo.delete(file);
  }
}
