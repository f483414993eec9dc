import path from "node:path";
import { fileURLToPath } from "node:url";
import { contentHash } from "../files/content-hash.ts";
import { callingPlace } from "../explain/stack-place.ts";

/** A load in progress, or one whose plugins are being set up. */
export interface Watching {
  /** Where relative paths start. */
  readonly folder: string;
  isLocal(file: string): boolean;
  add(file: string, hash: string | undefined): void;
}

const going = new Set<Watching>();

/** From now on, until the returned function is called, the load is notified of `watch` calls in its files. */
export function watchingFor(load: Watching): () => void {
  going.add(load);
  return () => void going.delete(load);
}

/**
 * Watches a file that the config or a plugin reads (`.env`, JSON, a certificate): when it changes, the whole config is loaded again, as by
 * `sluice reload`. The file need not exist yet. Call it while the config is loaded, or while a plugin is constructed or set up; at any other
 * time it watches nothing.
 *
 * @param file relative to the config's folder, like paths in options; or a file: URL, such as `new URL("../words.json", import.meta.url)`
 * @returns the file's absolute path: `readFileSync(watch(".env"))`
 */
export function watch(file: string | URL): string {
  const isUrl = file instanceof URL || file.startsWith("file:");
  const loads = going.size < 2 ? [...going] : loadsOfCaller();
  const target = path.resolve(loads[0]?.folder ?? process.cwd(), isUrl ? fileURLToPath(file) : file);
  for (const load of loads) load.add(target, contentHash(target));
  return target;
}

/** The loads that a call belongs to: several configs of one process may be loading at the same time. */
function loadsOfCaller(): Watching[] {
  const own = [...going].filter((load) => callingPlace((file) => load.isLocal(file)) !== undefined);
  return own.length === 0 ? [...going] : own;
}
