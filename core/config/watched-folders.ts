import { existsSync, realpathSync, watch, type FSWatcher } from "node:fs";
import path from "node:path";
import { fileStats } from "./file-stats.ts";

interface Watched {
  readonly watcher: FSWatcher;
  /** Which folder the path led to when the watch began. */
  readonly identity: string;
}

function identityOf(folder: string): string | undefined {
  const stats = fileStats(folder);
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/** The folder to watch for a file, and the entry whose change matters: the file's own folder, or the nearest one there is. */
function watchPoint(file: string): { folder: string; entry: string } {
  let entry = file;
  while (!existsSync(path.dirname(entry)) && path.dirname(entry) !== entry) entry = path.dirname(entry);
  return { folder: path.dirname(entry), entry: path.basename(entry) };
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/**
 * Watches the folders of a set of files. Folders and not files: an editor that renames a new file into place leaves a watch on the
 * file with the old one. Symlinks are watched at both ends, which catches the swap of a Kubernetes ConfigMap.
 */
export class WatchedFolders {
  readonly #watched = new Map<string, Watched>();
  /** By folder, the entries that matter; undefined: all of them, since a link leads through it. */
  #entries = new Map<string, Set<string> | undefined>();
  readonly #onEvent: () => void;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches what these files need now; call it again whenever one changed, since a folder may have been replaced. */
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
    const { folder, entry } = watchPoint(file);
    const real = realPath(file);
    if (real === undefined || real === file) {
      if (!this.#entries.has(folder)) this.#entries.set(folder, new Set());
      this.#entries.get(folder)?.add(entry);
      return;
    }
    this.#entries.set(folder, undefined);
    this.#entries.set(path.dirname(real), undefined);
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        const entries = this.#entries.get(folder);
        // Something else in a busy folder (a log that grows) is no reason to read anything.
        if (entries === undefined || name === null || entries.has(name)) this.#onEvent();
      });
      watcher.on("error", () => {
        watcher.close();
        this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, identity: identityOf(folder) ?? "" });
    } catch {
      // Out of inotify watches, or the folder just went: the slow poll sees to its files.
    }
  }
}
