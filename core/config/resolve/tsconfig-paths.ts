import path from "node:path";
import { createPathsMatcher, getTsconfig, type PathsMatcher } from "get-tsconfig";

interface Paths {
  readonly tsconfig: string;
  readonly match: PathsMatcher;
}

/** The `paths` and `baseUrl` of the nearest tsconfig.json, which editors and tsc follow. */
export class TsconfigPaths {
  /** Every tsconfig.json that had some. */
  readonly read = new Set<string>();
  readonly #cache = new Map<string, unknown>();
  readonly #byFolder = new Map<string, Paths | undefined>();

  /** The files that a name may mean, in their order; they need not be there. */
  candidates(specifier: string, file: string): readonly string[] {
    const folder = path.dirname(file);
    if (!this.#byFolder.has(folder)) this.#byFolder.set(folder, this.#find(folder));
    const paths = this.#byFolder.get(folder);
    // Declarations of types are nothing to load.
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
      // One that cannot be read is for tsc to complain of.
      return undefined;
    }
  }
}
