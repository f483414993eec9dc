import "reflect-metadata";
import { existsSync } from "node:fs";
import path from "node:path";
import { setImmediate as traffic } from "node:timers/promises";
import { inTime } from "../../contract/in-time.ts";
import { SluiceError, type AdminConfig, type ListenScheme, type ResolvedConfig } from "../../contract/index.ts";
import { Compiler } from "../compile/compiler.ts";
import { noteSnapshot, type ConfigSnapshot } from "./config-snapshot.ts";
import { withoutExit } from "./exit-guard.ts";
import { realPath } from "../files/links.ts";
import { loadError } from "./load-error.ts";
import { ModuleGraph } from "./module-graph.ts";
import { Packages } from "../resolve/packages.ts";
import { repeatedKeys } from "./repeated-keys.ts";
import { resolveConfig } from "../check/resolve-config.ts";
import { decoratedClasses } from "./type-info.ts";
import { watchingFor } from "../watch/watch.ts";

/** A config file that was loaded and found valid. */
export interface LoadedConfig {
  readonly config: ResolvedConfig;
  /** Call it once the plugins are set up: `watch` calls from then on do not belong to this load. */
  settle(): void;
  /** Forgets the load's decorated classes. Call it once nothing constructs them any more: without it every load would leak. */
  retire(): void;
}

export interface LoadOptions {
  /** How long the evaluation may take: a top-level await may never settle. @default 30000 */
  readonly timeoutMs?: number;
  /** What another process has read: these files are not read again. */
  readonly snapshot?: ConfigSnapshot | undefined;
}

/** Loads a `proxy.config.ts` and the local modules it imports, fresh each time. */
export class ConfigLoader {
  readonly #file: string;
  readonly #compiler: Compiler;
  readonly #packages = new Packages();
  #files: ReadonlySet<string>;
  #hashes: ReadonlyMap<string, string | undefined> = new Map();
  /** The files that the config and its plugins have passed to `watch`, with the hash of each. */
  #read = new Map<string, string | undefined>();
  /** Those that plugins passed during their setup: a plugin that the next load keeps does not pass them again. */
  readonly #readInSetup = new Set<string>();

  /**
   * @param schemes the transports that listeners may have
   * @param admin takes precedence over the config's `admin`, and turns the admin server on
   * @param text the text of a config that is not in a file: then the file's name only says where relative paths start
   */
  constructor(
    file: string,
    private readonly schemes: readonly ListenScheme[],
    private readonly admin?: AdminConfig,
    private readonly text?: string,
  ) {
    this.#file = path.resolve(file);
    this.#compiler = new Compiler(new Map(text === undefined ? [] : [[this.#file, text]]));
    this.#files = new Set([this.#file]);
    // RxJS operators alone may fill the default of ten frames.
    Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 30);
  }

  /** Everything to watch: the local modules of the last load, also of a failed one, and the places where its missing imports may appear. */
  get files(): ReadonlySet<string> {
    return this.#read.size === 0 ? this.#files : new Set([...this.#files, ...this.#read.keys()]);
  }

  /** Those of {@link files} that the config or a plugin reads: what was made from one of them must be made again. */
  get watched(): { has(file: string): boolean } {
    return this.#read;
  }

  /** The hash of each file as the last load read it, also a failed load, or undefined if it found none, for `FileWatcher.watch`: so a save in between is not lost. */
  get hashes(): ReadonlyMap<string, string | undefined> {
    const read = [...this.#read].filter((entry): entry is [string, string] => entry[1] !== undefined);
    return new Map([...this.#hashes, ...read]);
  }

  /**
   * Loads another text as if it were in the file, without applying it, and forgets it again.
   *
   * @throws the errors of {@link load}
   */
  async tried(text: string): Promise<ResolvedConfig> {
    const loader = new ConfigLoader(this.#file, this.schemes, this.admin, text.replace(/^\uFEFF/, ""));
    const loaded = await loader.load();
    loaded.retire();
    return loaded.config;
  }

  /** Adds the files that plugins have passed to `watch` in another process that set them up. */
  reads(files: ReadonlyMap<string, string | undefined>): void {
    for (const [file, hash] of files) {
      this.#read.set(file, hash);
      this.#readInSetup.add(file);
    }
  }

  /** The files that plugins have passed to `watch` while they were set up here, for `reads` of another process. */
  get readInSetup(): ReadonlyMap<string, string | undefined> {
    return new Map([...this.#read].filter(([file]) => this.#readInSetup.has(file)));
  }

  /** Whether the config is in a file. */
  get isInFile(): boolean {
    return this.text === undefined;
  }

  /**
   * @throws SLUICE_CONFIG_NOT_FOUND, SLUICE_CONFIG_SYNTAX, SLUICE_CONFIG_IMPORT, SLUICE_CONFIG_THREW, SLUICE_CONFIG_INVALID,
   * SLUICE_CONFIG_UNSAFE, SLUICE_ADDRESS_DUPLICATE, SLUICE_COMPILER_UNAVAILABLE
   */
  async load(options: LoadOptions = {}): Promise<LoadedConfig> {
    this.#hashes = new Map();
    const { graph, entry } = this.#graphOf(options.snapshot);
    const before = this.#read;
    const setup = this.#watchFor(graph);
    try {
      const exported = await this.#evaluate(graph, entry, options.timeoutMs ?? 30_000);
      await traffic();
      const resolved = resolveConfig(exported, this.schemes, { file: this.#file, admin: this.admin });
      const config = { ...resolved, warnings: [...resolved.warnings, ...repeatedKeys(graph.sources.values())] };
      noteSnapshot(config, () => graph.snapshot(entry));
      this.#files = graph.files.paths;
      setup.begins();
      const settle = (): void => {
        setup.ends();
      };
      const retire = (): void => {
        settle();
        graph.classes.retire();
      };
      return { config, settle, retire };
    } catch (error) {
      setup.ends();
      graph.classes.retire();
      this.#read = new Map([...before, ...this.#read]);
      // A load that failed half-way has not seen every file: files that were watched before stay watched.
      this.#files = new Set([...this.#files, ...graph.files.paths]);
      throw loadError(error, this.#file, graph);
    } finally {
      this.#compiler.keep(this.#files);
      this.#hashes = graph.files.hashes;
    }
  }

  #graphOf(snapshot: ConfigSnapshot | undefined): { readonly graph: ModuleGraph; readonly entry: string } {
    if (snapshot !== undefined)
      return { graph: new ModuleGraph(Compiler.knowing(snapshot.modules), this.#packages, snapshot.resolutions), entry: snapshot.entry };
    if (this.text === undefined && !existsSync(this.#file))
      throw new SluiceError("SLUICE_CONFIG_NOT_FOUND", "no such file", { where: this.#file });
    return { graph: new ModuleGraph(this.#compiler, this.#packages), entry: realPath(this.#file) ?? this.#file };
  }

  #watchFor(graph: ModuleGraph): { begins(): void; ends(): void } {
    const read = new Map([...this.#read].filter(([file]) => this.#readInSetup.has(file)));
    let hasBegun = false;
    const add = (file: string, hash: string | undefined): void => {
      read.set(file, hash);
      if (hasBegun) this.#readInSetup.add(file);
    };
    this.#read = read;
    const ends = watchingFor({ folder: path.dirname(this.#file), isLocal: (file) => graph.sources.has(file), add });
    const begins = (): void => {
      hasBegun = true;
      // Loaded while a plugin is made: it is not in the code by which the next load compares the plugin, so its change makes the plugin again.
      graph.onLate = add;
    };
    return {
      begins,
      ends: () => {
        graph.onLate = undefined;
        ends();
      },
    };
  }

  async #evaluate(graph: ModuleGraph, entry: string, timeoutMs: number): Promise<unknown> {
    await graph.prepare(entry, this.#file);
    // For stacks that point into the user's TypeScript. Not before the packages are loaded: Node would read and parse the map of each of their modules.
    process.setSourceMapsEnabled(true);
    // A turn of the event loop between the steps of a load, so that open connections do not wait for the whole load.
    await traffic();
    if (graph.sources.get(entry)?.source.trim() === "")
      throw invalid("is empty: export default defineConfig({ listeners: { … } })", this.#file);
    const before = decoratedClasses();
    const isLocal = (file: string): boolean => graph.sources.has(file);
    try {
      return await withoutExit(isLocal, () => withinTime(this.#value(graph, entry), timeoutMs, this.#file));
    } finally {
      graph.classes.claimSince(before);
    }
  }

  async #value(graph: ModuleGraph, entry: string): Promise<unknown> {
    const exports = await graph.run(entry);
    const value: unknown = "default" in exports ? exports.default : undefined;
    if (value === undefined) throw invalid("has no default export: export default defineConfig({ listeners: { … } })", this.#file);
    const settled: unknown = await Promise.resolve(value);
    return typeof settled === "function" ? (settled as () => unknown)() : settled;
  }
}

function invalid(detail: string, where: string): SluiceError {
  return new SluiceError("SLUICE_CONFIG_INVALID", detail, { where });
}

function withinTime<T>(work: Promise<T>, timeoutMs: number, file: string): Promise<T> {
  const detail = `did not finish within ${timeoutMs} ms: does it await something that never settles?`;
  return inTime(work, timeoutMs, () => new SluiceError("SLUICE_CONFIG_THREW", detail, { where: file }));
}
