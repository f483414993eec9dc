import path from "node:path";
import { createPathsMatcher, getTsconfig, type PathsMatcher } from "get-tsconfig";

interface Paths {
  readonly tsconfig: string;
  readonly match: PathsMatcher;
}

/** The `paths` and `baseUrl` of the nearest tsconfig.json, which editors and tsc follow. */
export class TsconfigPaths {
  /** Every tsconfig.json that has some. */
  readonly read = new Set<string>();
  readonly #cache = new Map<string, unknown>();
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
      const found = getTsconfig(folder, "tsconfig.json", this.#cache);
      const match = found === null ? null : createPathsMatcher(found);
      if (found === null || match === null) return undefined;
      this.read.add(found.path);
      return { tsconfig: found.path, match };
    } catch {
      // If it cannot be read, tsc reports that.
      return undefined;
    }
  }
}
