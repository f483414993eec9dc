import { contentHash, stamp } from "./content-hash.ts";
import { WatchedFolders } from "./watched-folders.ts";

export interface FileWatcherOptions {
  /** Quiet time after an event before files are looked at, in milliseconds: an editor's save is several events. @default 60 */
  readonly debounceMs?: number;
  /** Every how many milliseconds to look without an event: network file systems send none. @default 2000 */
  readonly pollMs?: number;
}

interface Seen {
  readonly hash: string | undefined;
  readonly stamp: string;
}

/** However busy the folder, a save is seen after this many quiet times. */
const longestWait = 8;

/**
 * Tells when the content of files changed: saved in place, renamed into place, removed and made anew, swapped behind a symlink, or
 * there at last. The truth is the content last seen; events only say when to look. Never keeps the process alive.
 */
export class FileWatcher {
  readonly #onChange: (files: string[]) => void;
  readonly #debounceMs: number;
  readonly #folders = new WatchedFolders(() => this.#soon());
  readonly #poll: NodeJS.Timeout;
  #files = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #firstEvent: number | undefined;

  constructor(onChange: (files: string[]) => void, options: FileWatcherOptions = {}) {
    this.#onChange = onChange;
    this.#debounceMs = options.debounceMs ?? 60;
    this.#poll = setInterval(() => this.#look(true), options.pollMs ?? 2000);
    this.#poll.unref();
  }

  /**
   * Watches these files, and no others. What was watched before keeps the content last seen.
   *
   * @param hashes the content that the caller has read (`ConfigLoader.hashes`), for files not watched before: a save since then counts
   */
  watch(files: Iterable<string>, hashes: ReadonlyMap<string, string> = new Map()): void {
    const before = this.#files;
    this.#files = new Map([...files].map((file) => [file, before.get(file) ?? seenAs(file, hashes.get(file))]));
    this.#folders.set(this.#files.keys());
    // What was saved before the folders were watched sent no event.
    this.#soon();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#files.clear();
    this.#folders.close();
  }

  #soon(): void {
    const now = performance.now();
    this.#firstEvent ??= now;
    if (this.#timer !== undefined && now - this.#firstEvent > this.#debounceMs * longestWait) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(false), this.#debounceMs);
    this.#timer.unref();
  }

  #look(polling: boolean): void {
    if (!polling) {
      this.#timer = undefined;
      this.#firstEvent = undefined;
    }
    const changed: string[] = [];
    for (const [file, seen] of this.#files) {
      const now = stamp(file);
      // Time stamps are coarse: an event is a reason to read the file even if they stand still.
      if (polling && now === seen.stamp) continue;
      const hash = contentHash(file);
      this.#files.set(file, { hash, stamp: now });
      if (hash !== seen.hash) changed.push(file);
    }
    if (changed.length > 0 || polling) this.#folders.set(this.#files.keys());
    if (changed.length > 0) this.#onChange(changed);
  }
}

function seenAs(file: string, hash: string | undefined): Seen {
  return { hash: hash ?? contentHash(file), stamp: hash === undefined ? stamp(file) : "" };
}
