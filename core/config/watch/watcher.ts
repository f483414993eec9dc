import { contentHash, isUnsettled, stamp, touchStamp } from "../files/content-hash.ts";
import { MOST_QUIET_TIMES, QUIET_MS } from "./settled.ts";
import { WatchedFolders } from "./watched-folders.ts";

export interface FileWatcherOptions {
  /** Quiet time after an event before files are looked at, in milliseconds: an editor's save is several events. @default 60 */
  readonly debounceMs?: number;
  /** Milliseconds between two looks without an event: network file systems send none. @default 2000 */
  readonly pollMs?: number;
}

interface Seen {
  readonly hash: string | undefined;
  readonly stamp: string;
  /** Set if a touch counts as a change. */
  readonly touch?: string | undefined;
}

/**
 * Called with the files that changed.
 *
 * @param touched whether some of them have the same content as before: they were saved again, touched, or given other permissions
 */
export type OnChange = (files: string[], touched: boolean) => void;

/**
 * Notices when the content of files changes: saved in place, renamed into place, removed and made again, swapped behind a symlink, or newly
 * made. What counts is the content last seen; events only say when to look. Never keeps the process alive.
 */
export class FileWatcher {
  readonly #onChange: OnChange;
  readonly #debounceMs: number;
  readonly #folders = new WatchedFolders(() => this.#soon());
  readonly #poll: NodeJS.Timeout;
  #files = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #firstEvent: number | undefined;

  constructor(onChange: OnChange, options: FileWatcherOptions = {}) {
    this.#onChange = onChange;
    this.#debounceMs = options.debounceMs ?? QUIET_MS;
    this.#poll = setInterval(() => this.#look(true), options.pollMs ?? 2000);
    this.#poll.unref();
  }

  /**
   * Watches these files, and no others.
   *
   * @param hashes the content that the caller has read (`ConfigLoader.hashes`), undefined where there was no file: a difference from it is a
   * change. Other files that were watched before keep the content last seen.
   * @param touches whether it also counts as a change when a file is saved with the same text, touched, or given other permissions from now on
   */
  watch(files: Iterable<string>, hashes: ReadonlyMap<string, string | undefined> = new Map(), touches = false): void {
    const before = this.#files;
    const seen = (file: string): Seen => {
      const { hash, stamp: known } = hashes.has(file)
        ? { hash: hashes.get(file), stamp: "" }
        : (before.get(file) ?? { hash: contentHash(file), stamp: stamp(file) });
      return touches ? { hash, stamp: known, touch: touchStamp(file) } : { hash, stamp: known };
    };
    this.#files = new Map([...files].map((file) => [file, seen(file)]));
    this.#folders.set(this.#files.keys());
    // A save before the folders were watched sent no event.
    this.#soon();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#files.clear();
    this.#folders.close();
  }

  #soon(): void {
    this.#firstEvent ??= performance.now();
    if (this.#timer !== undefined && this.#isOverdue()) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look(false);
    }, this.#debounceMs);
    this.#timer.unref();
  }

  #isOverdue(): boolean {
    return this.#firstEvent !== undefined && performance.now() - this.#firstEvent > this.#debounceMs * MOST_QUIET_TIMES;
  }

  #look(polling: boolean): void {
    const changed = this.#changed(polling);
    if (!this.#isOverdue() && [...changed.keys()].some((file) => isUnsettled(file, this.#debounceMs))) {
      this.#soon();
      return;
    }
    if (!polling) this.#firstEvent = undefined;
    const touched = [...changed].some(([file, { hash }]) => hash === this.#files.get(file)?.hash);
    for (const [file, seen] of changed) this.#files.set(file, seen);
    if (changed.size > 0 || polling) this.#folders.set(this.#files.keys());
    if (changed.size > 0) this.#onChange([...changed.keys()], touched);
  }

  /** The files that differ from what was seen last; they are not noted as seen yet. */
  #changed(polling: boolean): Map<string, Seen> {
    const changed = new Map<string, Seen>();
    for (const [file, seen] of this.#files) {
      const now = stamp(file);
      // Time stamps are coarse: an event is a reason to read the file even if they have not changed.
      if (polling && now === seen.stamp) continue;
      const hash = contentHash(file);
      const isTouched = seen.touch !== undefined && hash !== undefined && touchStamp(file) !== seen.touch;
      if (hash === seen.hash && !isTouched) this.#files.set(file, { ...seen, stamp: now });
      else changed.set(file, { hash, stamp: now, ...(seen.touch === undefined ? {} : { touch: touchStamp(file) }) });
    }
    return changed;
  }
}
