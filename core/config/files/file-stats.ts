import { statSync, type BigIntStats } from "node:fs";

/**
 * The stats of the file that a path leads to; undefined when it leads nowhere, for any reason: `throwIfNoEntry: false` still throws for
 * a path through a file (`a.ts/index.ts`), a circle of symlinks, or a folder without permission.
 */
export function fileStats(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
