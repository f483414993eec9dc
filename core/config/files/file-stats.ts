import { statSync, type BigIntStats } from "node:fs";

/**
 * The stats of what a path leads to; undefined when it leads nowhere, whatever the reason: `throwIfNoEntry: false` still throws for a
 * path through a file (`a.ts/index.ts`), a circle of symlinks, or a folder that may not be entered.
 */
export function fileStats(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
