import type { ResolvedConfig } from "../../contract/index.ts";
import type { ConfigLoader, LoadedConfig } from "../../config/load/config-loader.ts";
import type { GenerationOrder } from "../wire/calls.ts";

/** The configs that this worker has evaluated and that may be asked for again, by the number of their load. */
export class KnownLoads {
  readonly #loads = new Map<number, LoadedConfig>();

  /** @param timeoutMs for evaluating it */
  async of(loader: ConfigLoader, { load, snapshot }: GenerationOrder, timeoutMs: number | undefined): Promise<LoadedConfig> {
    const known = this.#loads.get(load);
    if (known !== undefined) return known;
    const loaded = await loader.load({ snapshot, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    this.#loads.set(load, loaded);
    return loaded;
  }

  /** Forgets the others. @param bases the configs of the generations that are kept */
  keepOnly(bases: ReadonlySet<ResolvedConfig> | undefined): void {
    for (const [number, loaded] of this.#loads) {
      loaded.settle();
      if (bases?.has(loaded.config) === true) continue;
      loaded.retire();
      this.#loads.delete(number);
    }
  }
}
