import path from "node:path";
import { createPathsMatcher, getTsconfig, type PathsMatcher } from "get-tsconfig";
import { reasonOf } from "../../contract/index.ts";

interface Paths {
  readonly tsconfig: string;
  readonly match: PathsMatcher;
}

/** The `paths` and `baseUrl` of the nearest tsconfig.json, which editors and tsc follow. */
export class TsconfigPaths {
  /** Every tsconfig.json that has some, and the files that it extends. */
  readonly read = new Set<string>();
  /** Why the `paths` of a tsconfig.json are not known; undefined when all could be read. */
  unread: string | undefined;
  readonly #byFolder = new Map<string, Paths | undefined>();

  /** The files that a name may mean, in order; they need not exist. */
  candidates(specifier: string, file: string): readonly string[] {
    const folder = path.dirname(file);
    if (!this.#byFolder.has(folder)) this.#byFolder.set(folder, this.#find(folder));
    const paths = this.#byFolder.get(folder);
    // Declarations of types cannot be loaded.
    return (paths?.match(specifier) ?? []).filter((each) => !/\.d\.[cm]?ts$/.test(each));
  }

  #find(folder: string): Paths | undefined {
    try {
      const cache = new Map<string, unknown>();
      const found = getTsconfig(folder, "tsconfig.json", cache);
      const match = found === null ? null : createPathsMatcher(found);
      if (found === null || match === null) return undefined;
      for (const file of filesRead(cache)) this.read.add(file);
      return { tsconfig: found.path, match };
    } catch (error) {
      // An error only for who imports a name that is found nowhere else: tsc reports it too.
      this.unread = reasonOf(error);
      return undefined;
    }
  }
}

/** The files that get-tsconfig has read. It tells them only in the keys of its cache. */
function filesRead(cache: ReadonlyMap<string, unknown>): string[] {
  return [...cache.keys()].flatMap((key) => /^readFileSync:(.+):utf8$/.exec(key)?.[1] ?? []);
}
