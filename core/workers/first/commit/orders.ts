import { SluiceError, type AdminConfig, type ResolvedConfig } from "../../../contract/index.ts";
import { snapshotOf } from "../../../config/load/config-snapshot.ts";
import type { GenerationSource } from "../../../runtime/generation/overrides.ts";
import type { ProxyLog } from "../../../runtime/log/logger.ts";
import type { GenerationOrder } from "../../wire/calls.ts";

/** Makes the orders that tell workers which generation to make. */
export class Orders {
  readonly #loads = new WeakMap<ResolvedConfig, number>();
  #lastLoad = 0;

  /** @param admin takes precedence over the config's `admin` */
  constructor(
    private readonly log: ProxyLog | undefined,
    private readonly admin: AdminConfig | undefined,
  ) {}

  of({ base, config, overrides, origin }: GenerationSource, number: number, rebuild: boolean): GenerationOrder {
    const snapshot = snapshotOf(base);
    if (snapshot === undefined || base.file === undefined)
      throw new SluiceError("SLUICE_INTERNAL", "a config of workers comes from a file");
    const load = this.#loads.get(base) ?? ++this.#lastLoad;
    this.#loads.set(base, load);
    const logLevel = this.log?.levelOf(config) ?? config.log.level;
    return { number, file: base.file, snapshot, load, overrides, origin, rebuild, logLevel, admin: this.admin };
  }
}
