import { PluginMeter } from "../../flow/chain/meter.ts";
import type { Direction, ResolvedListener } from "../../contract/index.ts";

/** Counts what plugin uses do to data, by listener, use and direction. A reload keeps the counts as long as the config has the use. */
export class MeterBook {
  readonly #meters = new Map<string, Map<string, Readonly<Record<Direction, PluginMeter>>>>();

  of(listener: string, plugin: string, direction: Direction): PluginMeter {
    const own = this.#meters.get(listener) ?? new Map<string, Readonly<Record<Direction, PluginMeter>>>();
    this.#meters.set(listener, own);
    const both = own.get(plugin) ?? { fromClient: new PluginMeter(plugin), fromUpstream: new PluginMeter(plugin) };
    own.set(plugin, both);
    return both[direction];
  }

  /** The meters of a use, if there are any. */
  find(listener: string, plugin: string): Readonly<Record<Direction, PluginMeter>> | undefined {
    return this.#meters.get(listener)?.get(plugin);
  }

  /** Forgets uses that a config does not have. */
  keepOnly(listeners: readonly ResolvedListener[]): void {
    for (const [name, own] of this.#meters) {
      const declared = new Set(listeners.find((each) => each.name === name)?.declared.map((use) => use.name));
      for (const plugin of own.keys()) if (!declared.has(plugin)) own.delete(plugin);
      if (own.size === 0) this.#meters.delete(name);
    }
  }
}
