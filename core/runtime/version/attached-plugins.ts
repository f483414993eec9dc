import type { TapWatcher } from "./pipeline-taps.ts";

/** A plugin that watches the sessions of a listener without being in its pipeline. */
export interface AttachedPlugin {
  readonly listener: string;
  readonly watchers: readonly TapWatcher[];
  /** The plugin sees nothing more from now on. Resolves when it is torn down. */
  detach(): Promise<void>;
}

const nobody: readonly TapWatcher[] = [];

/** The attached plugins, by the name of the listener. A reload changes neither them nor what they watch. */
export class AttachedPlugins {
  readonly #attached = new Set<AttachedPlugin>();
  readonly #watchers = new Map<string, readonly TapWatcher[]>();

  watchersOf(listener: string): readonly TapWatcher[] {
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
    const watchers = [...this.#attached].filter((each) => each.listener === listener).flatMap((each) => each.watchers);
    if (watchers.length === 0) this.#watchers.delete(listener);
    else this.#watchers.set(listener, watchers);
  }
}
