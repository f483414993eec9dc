import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { baseOfParts } from "../../../admin/saving/file-parts.ts";
import { fileOfWorker } from "../../../contract/index.ts";

/** The files that workers write, which are to become one: hidden ones beside it, under a name that nobody can foresee. */
export interface PartFiles {
  readonly file: string;
  /** Each worker makes its own name of it ({@link fileOfWorker}). */
  readonly base: string;
  /** Those that there are, in the order of the workers. */
  found(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export function partsOf(file: string): PartFiles {
  const base = baseOfParts(file);
  const { dir, name: stem } = path.parse(base);
  const all = async (): Promise<string[]> => (await readdir(dir)).filter((each) => each.startsWith(`${stem}.`));
  return {
    file,
    base,
    found: async () => {
      const names = new Set(await all());
      const workers = new Set(Array.from(names, (each) => Number(/^\.w(\d+)/.exec(each.slice(stem.length))?.[1])));
      const own = [...workers].toSorted((a, b) => a - b).map((worker) => fileOfWorker(base, worker));
      return own.filter((each) => names.has(path.basename(each)));
    },
    remove: async () => {
      await Promise.all((await all()).map((each) => rm(path.join(dir, each), { force: true })));
    },
  };
}
