import { hashBehind } from "../files/content-hash.ts";
import { fileStats } from "../files/file-stats.ts";

/** The local files on which a load depends: those that it has read, the links that led to them, and the places where a missing file may appear. */
export class GraphFiles {
  readonly paths = new Set<string>();
  /** Of the files that were read, also of those that do not compile; undefined: it was not there. */
  readonly #hashes = new Map<string, string | undefined>();
  /** The real file behind each symlink that was followed. */
  readonly #links = new Map<string, string>();

  /** The hashes, by every path that led to a file. */
  get hashes(): ReadonlyMap<string, string | undefined> {
    const all = new Map(this.#hashes);
    for (const [link, file] of this.#links) {
      const hash = this.#hashes.get(file);
      if (hash !== undefined) all.set(link, hashBehind(hash, link, file));
    }
    return all;
  }

  hashOf(file: string): string | undefined {
    return this.#hashes.get(file);
  }

  wasRead(file: string, hash: string): void {
    this.#hashes.set(file, hash);
  }

  /** A link is watched in addition to the file that it leads to. */
  follow(link: string, file: string): void {
    if (link !== file) this.#links.set(link, file);
    this.paths.add(link);
  }

  /** Watches places where a file may appear, also before they are watched. */
  await(candidates: readonly string[]): void {
    for (const candidate of candidates) {
      this.paths.add(candidate);
      if (!this.#hashes.has(candidate) && fileStats(candidate)?.isFile() !== true) this.#hashes.set(candidate, undefined);
    }
  }
}
