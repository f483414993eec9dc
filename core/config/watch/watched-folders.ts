import { existsSync, watch, type FSWatcher } from "node:fs";
import path from "node:path";
import { fileStats } from "../files/file-stats.ts";
import { realPath, waypoints } from "../files/links.ts";

interface Watched {
  readonly watcher: FSWatcher;
  /** Identifies the folder that the path led to when the watch began. */
  readonly identity: string;
}

function identityOf(folder: string): string | undefined {
  const stats = fileStats(folder);
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/** The folder to watch for a file, and the entry whose change matters: the file's own folder, or the nearest one that exists. */
function watchPoint(file: string): { folder: string; entry: string } {
  let entry = file;
  while (!existsSync(path.dirname(entry)) && path.dirname(entry) !== entry) entry = path.dirname(entry);
  return { folder: path.dirname(entry), entry: path.basename(entry) };
}

/**
 * Watches the folders of a set of files. Folders instead of files: when an editor renames a new file into place, a watch on the file stays
 * with the old one. The folder of every symlink on the path is watched too, which catches the swap of a Kubernetes ConfigMap.
 */
export class WatchedFolders {
  readonly #watched = new Map<string, Watched>();
  /** By folder, the entries that matter. */
  #entries = new Map<string, Set<string>>();
  readonly #onEvent: () => void;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches the folders that these files need now; call it again whenever a file changed, since a folder may have been replaced. */
  set(files: Iterable<string>): void {
    this.#entries = new Map();
    for (const file of files) this.#want(file);
    for (const [folder, { watcher, identity }] of this.#watched) {
      if (this.#entries.has(folder) && identityOf(folder) === identity) continue;
      watcher.close();
      this.#watched.delete(folder);
    }
    for (const folder of this.#entries.keys()) if (!this.#watched.has(folder)) this.#open(folder);
  }

  close(): void {
    this.set([]);
  }

  #want(file: string): void {
    for (const waypoint of realPath(file) === file ? [file] : waypoints(file)) {
      const { folder, entry } = watchPoint(waypoint);
      const entries = this.#entries.get(folder);
      if (entries === undefined) this.#entries.set(folder, new Set([entry]));
      else entries.add(entry);
    }
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        // A change of another file in a busy folder (a log that grows) is no reason to read anything.
        if (name === null || this.#entries.get(folder)?.has(name) === true) this.#onEvent();
      });
      watcher.on("error", () => {
        watcher.close();
        this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, identity: identityOf(folder) ?? "" });
    } catch {
      // No inotify watch is left, or the folder has just gone: the slow poll notices changes of its files.
    }
  }
}
