import type { TapWatcher, WireWatcher } from "./pipeline-taps.ts";

/** Who watches the sessions of a listener from beside its pipelines. */
export interface AttachedWatchers {
  readonly flows: readonly TapWatcher[];
  readonly wires: readonly WireWatcher[];
}

/** A plugin that watches the sessions of a listener without being in its pipeline. */
export interface AttachedPlugin {
  readonly listener: string;
  readonly watchers: AttachedWatchers;
  /** The plugin sees nothing more from now on. Resolves when it is torn down. */
  detach(): Promise<void>;
}

const nobody: AttachedWatchers = { flows: [], wires: [] };

/** The attached plugins, by the name of the listener. A reload changes neither them nor what they watch. */
export class AttachedPlugins {
  readonly #attached = new Set<AttachedPlugin>();
  readonly #watchers = new Map<string, AttachedWatchers>();

  watchersOf(listener: string): AttachedWatchers {
    return this.#watchers.get(listener) ?? nobody;
  }

  add(plugin: AttachedPlugin): void {
    this.#attached.add(plugin);
    this.#count(plugin.listener);
  }

  delete(plugin: AttachedPlugin): void {
    this.#attached.delete(plugin);
    this.#count(plugin.listener);
  }

  /** Detaches all, as the proxy closes. */
  async detachAll(): Promise<void> {
    await Promise.all([...this.#attached].map((each) => each.detach()));
  }

  #count(listener: string): void {
    const own = [...this.#attached].filter((each) => each.listener === listener).map(({ watchers }) => watchers);
    if (own.length === 0) this.#watchers.delete(listener);
    else this.#watchers.set(listener, { flows: own.flatMap(({ flows }) => flows), wires: own.flatMap(({ wires }) => wires) });
  }
}
