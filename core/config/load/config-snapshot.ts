import type { ResolvedConfig } from "../../contract/index.ts";
import type { Compiled } from "../compile/compiler.ts";
import type { Resolution } from "../resolve/resolve-module.ts";

/**
 * What one load has read, in compiled form: with it another process evaluates the same config, whatever was saved in the meantime. Packages are
 * not in it, since they are not reloaded either. It can be sent to another process.
 */
export interface ConfigSnapshot {
  /** The config's real file, with every link followed. */
  readonly entry: string;
  readonly modules: readonly Compiled[];
  /** Where imports lead; see `Resolver.known`. */
  readonly resolutions: ReadonlyMap<string, Resolution>;
}

const snapshots = new WeakMap<ResolvedConfig, () => ConfigSnapshot>();

/** Notes what a config was loaded from. @param take called when the snapshot is needed */
export function noteSnapshot(config: ResolvedConfig, take: () => ConfigSnapshot): void {
  snapshots.set(config, take);
}

/** What a config was loaded from; undefined: it was not loaded from a file. @param config as it was loaded, without overrides */
export function snapshotOf(config: ResolvedConfig): ConfigSnapshot | undefined {
  return snapshots.get(config)?.();
}
