import path from "node:path";
import { fileURLToPath } from "node:url";
import { contentHash } from "../files/content-hash.ts";
import { callingPlace } from "../explain/stack-place.ts";

/** A load that is going on, or whose plugins are being set up. */
export interface Watching {
  /** Where relative paths start. */
  readonly folder: string;
  isLocal(file: string): boolean;
  add(file: string, hash: string | undefined): void;
}

const going = new Set<Watching>();

/** From now on, and until the function that it gives is called, `watch` calls of this load's files are told to it. */
export function watchingFor(load: Watching): () => void {
  going.add(load);
  return () => void going.delete(load);
}

/**
 * Makes a change of a file that the config or a plugin reads (`.env`, JSON, a certificate) a save: all of the config is then loaded again, as by
 * `sluice reload`. The file need not be there yet. Called while the config is loaded, or a plugin constructed or set up; anywhere else it
 * watches nothing.
 *
 * @param file relative to the config's folder, as paths in options are; or a file: URL, such as `new URL("../words.json", import.meta.url)`
 * @returns the file's absolute path: `readFileSync(watch(".env"))`
 */
export function watch(file: string | URL): string {
  const isUrl = file instanceof URL || file.startsWith("file:");
  const loads = going.size < 2 ? [...going] : loadsOfCaller();
  const target = path.resolve(loads[0]?.folder ?? process.cwd(), isUrl ? fileURLToPath(file) : file);
  for (const load of loads) load.add(target, contentHash(target));
  return target;
}

/** Several configs of one process may be loading at the same time. */
function loadsOfCaller(): Watching[] {
  const own = [...going].filter((load) => callingPlace((file) => load.isLocal(file)) !== undefined);
  return own.length === 0 ? [...going] : own;
}
