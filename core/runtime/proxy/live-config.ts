import path from "node:path";
import { SluiceError, type AdminConfig, type Override, type ResolvedConfig, type ResolvedShutdown } from "../../contract/index.ts";
import { ConfigLoader, type LoadedConfig } from "../../config/load/config-loader.ts";
import { transports } from "../../net/transports/table.ts";
import { withoutExit } from "../../config/load/exit-guard.ts";
import { contentHash } from "../../config/files/content-hash.ts";
import { settled } from "../../config/watch/settled.ts";
import { FileWatcher } from "../../config/watch/watcher.ts";
import type { ProxyLog } from "../log/logger.ts";
import type { Companion } from "./companion.ts";
import type { Proxy } from "./proxy.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { ServingProxy } from "./serving-proxy.ts";
import type { GenerationCheck, Steering } from "./steering.ts";
import { untilQuiet } from "./until-quiet.ts";
import { writeOverride } from "./write-override.ts";
import type { ReloadPlan, ReloadReport } from "../generation/reload-plan.ts";

export interface LiveConfigOptions {
  /** Apply each save of the config or of a local module that it imports. @default true */
  readonly watch?: boolean;
  /** The log, which follows the config. */
  readonly log: ProxyLog;
  /** The readers of the log already see the first listeners elsewhere, so they are not logged. @default false */
  readonly announced?: boolean;
  /** Turns the admin server on, and takes precedence over the config's `admin`. */
  readonly admin?: AdminConfig | undefined;
  /** The admin server. */
  readonly companion?: Companion;
  /** The text of the config, if there is no file. */
  readonly text?: string | undefined;
}

/** Starts the proxy that serves a config. */
export type Launch<P extends ServingProxy> = (config: ResolvedConfig, options: ProxyOptions, loader: ConfigLoader) => Promise<P>;

/** A proxy that follows its config file: loads are applied one at a time, and the newest save wins. */
export class LiveConfig<P extends ServingProxy = Proxy> {
  readonly #watcher: FileWatcher | undefined;
  /** The loads that the kept generations were made from. */
  readonly #loads = new Set<LoadedConfig>();
  readonly #saved = new Set<string>();
  #touched = false;
  #running: Promise<unknown> = Promise.resolve();
  /** How much work waits for its turn or is under way. */
  #turns = 0;
  /** The files (with the hash of their content) that the last load to be applied has read. */
  #tried: ReadonlyMap<string, string | undefined>;
  #stopped = false;
  #leaving = false;

  private constructor(
    readonly proxy: P,
    private readonly loader: ConfigLoader,
    watch: boolean,
    private readonly log: ProxyLog,
  ) {
    proxy.lifecycle.subscribe({
      next: ({ type }) => {
        if (type === "taken-back") this.#allowAgain();
      },
      complete: () => {
        for (const each of this.#loads) this.#forget(each);
      },
    });
    this.#tried = loader.hashes;
    if (!watch) return;
    this.#watcher = new FileWatcher((files, touched) => {
      this.#onSave(files, touched);
    });
    this.#watcher.watch(loader.files, loader.hashes);
  }

  /** Loads a config file and makes it live. Rejects with a SluiceError. */
  static async start<P extends ServingProxy>(file: string, options: LiveConfigOptions, launch: Launch<P>): Promise<LiveConfig<P>> {
    const loader = new ConfigLoader(path.resolve(file), transports, options.admin, options.text);
    const loaded = await loader.load();
    try {
      const { companion, announced = false, watch = true } = options;
      const log = options.log.start(loaded.config);
      const proxy = await withoutExit(isOf(loader), () => launch(loaded.config, { logger: log.logger, log, announced, companion }, loader));
      const live = new LiveConfig(proxy, loader, watch, log);
      live.#keep(loaded);
      return live;
    } catch (error) {
      loaded.retire();
      throw error;
    }
  }

  /** The config's file, absolute. */
  get file(): string | undefined {
    return this.proxy.steering.base?.file;
  }

  /** Runs work that constructs plugins of this config again, such as an override. A refusal is announced, and the promise rejects with it. */
  async steer(work: (steering: Steering) => Promise<ReloadReport>): Promise<ReloadReport> {
    return this.#inTurn(() => withoutExit(isOf(this.loader), () => work(this.proxy.steering)));
  }

  /** Loads everything again and applies it, changed or not. Rejects with the error that refused it; the proxy goes on. */
  reload(): Promise<ReloadReport> {
    // Also when the config is refused: a program that has renamed the log's file waits only for this.
    this.log.reopen();
    return this.#inTurn(() => this.#load(true));
  }

  /**
   * Writes an override's `enabled` into the file and applies that save. After that it is no longer an override.
   *
   * @throws SLUICE_ADMIN_UNKNOWN without an override, SLUICE_ADMIN_CONFLICT with the reason why it cannot be written into the file
   */
  write(place: Pick<Override, "listener" | "plugin">, check?: GenerationCheck): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      check?.(this.proxy.generation);
      await writeOverride(this.proxy.steering, place, this.loader);
      return this.#load(false);
    });
  }

  /** Returns what a reload of the file as it is now would do. Rejects with the error that would refuse it. */
  plan(): Promise<ReloadPlan> {
    return this.#inTurn(async () => {
      const loaded = await this.loader.load();
      loaded.retire();
      this.#refuseOtherWorkers(loaded.config);
      return this.proxy.planResolved(loaded.config);
    });
  }

  /** The proxy is leaving: it wants no new sessions, but still takes them. */
  get isLeaving(): boolean {
    return this.#leaving;
  }

  /** How long {@link leave} may take, in milliseconds, from the config in force. */
  get shutdown(): ResolvedShutdown {
    return this.proxy.steering.config?.shutdown ?? { delay: 0, quiet: 0 };
  }

  /** Reports as not ready, and takes sessions until no more come, within the times of `shutdown`. The proxy goes on. */
  leave(): Promise<void> {
    this.#leaving = true;
    return untilQuiet(this.proxy.arrivals, this.shutdown);
  }

  /** Stops following the file; the proxy goes on. */
  stop(): void {
    this.#stopped = true;
    this.#watcher?.close();
  }

  /** After a trial was taken back, a save of the same text tries it once more, as after a refusal. */
  #allowAgain(): void {
    this.#tried = new Map();
    this.#watcher?.watch(this.loader.files, this.loader.hashes, true);
  }

  /** Saves during a load lead to one more load, of the newest files. */
  #onSave(files: readonly string[], touched: boolean): void {
    const isWaiting = this.#saved.size > 0;
    this.#touched ||= touched;
    for (const file of files) this.#saved.add(file);
    if (isWaiting || this.#stopped) return;
    const isBehind = this.#turns > 0;
    void this.#inTurn(async () => {
      // What was seen may be out of date: another save may have begun meanwhile, and its file may be empty now.
      if (isBehind) await settled(this.#saved);
      const saved = [...this.#saved];
      const isTouched = this.#touched;
      this.#saved.clear();
      this.#touched = false;
      // Leaves out files that were saved just before the last load read them: that load has their content.
      const changed = saved.filter((file) => contentHash(file) !== this.#tried.get(file));
      // A file that a plugin reads is not part of its code, so its change shows only in a pipeline that is built again.
      const rebuild = changed.some((file) => this.loader.watched.has(file));
      if ((isTouched || changed.length > 0) && !this.#stopped) await this.#load(rebuild);
    }).catch(() => undefined);
  }

  async #load(rebuild: boolean): Promise<ReloadReport> {
    // The reason for a refusal may be outside the files, for example a port that was in use: then a save of the same text tries again.
    let refused = true;
    try {
      const loaded = await this.loader.load({ timeoutMs: this.proxy.timeouts.setup });
      try {
        this.#refuseOtherWorkers(loaded.config);
        const report = await withoutExit(isOf(this.loader), () => this.proxy.applyResolved(loaded.config, rebuild));
        refused = false;
        this.#keep(loaded);
        return report;
      } finally {
        if (refused) loaded.retire();
      }
    } catch (error) {
      throw this.proxy.refuse(error);
    } finally {
      this.#tried = this.loader.hashes;
      this.#watcher?.watch(this.loader.files, this.#tried, refused);
    }
  }

  /** Refuses a change of `workers`, since the processes are started only at the start. */
  #refuseOtherWorkers({ workers, file }: ResolvedConfig): void {
    const now = this.proxy.steering.base?.workers ?? workers;
    if (now === workers) return;
    const where = file === undefined ? {} : { where: `${file}: workers` };
    throw new SluiceError("SLUICE_WORKERS_CHANGED", `there are ${now} of them, and a reload cannot make it ${workers}`, where);
  }

  /** Keeps a load as long as the generations that were made from it: an override or a restored generation constructs plugins of it again. */
  #keep(loaded: LoadedConfig): void {
    loaded.settle();
    this.#loads.add(loaded);
    const { bases } = this.proxy.steering;
    for (const each of this.#loads) if (!bases.has(each.config)) this.#forget(each);
  }

  #forget(loaded: LoadedConfig): void {
    loaded.retire();
    this.#loads.delete(loaded);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns += 1;
    const turn = this.#running.then(work).finally(() => {
      this.#turns -= 1;
    });
    this.#running = turn.catch(() => undefined);
    return turn;
  }
}

function isOf(loader: ConfigLoader): (file: string) => boolean {
  return (file) => loader.files.has(file);
}
