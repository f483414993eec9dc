import { readFileSync, statSync, type Stats } from "node:fs";
import { reasonOf, SluiceError } from "../contract/index.ts";

/** Group bits may be right in a team; what anyone on the machine can write is never code to run. */
const othersMayWrite = 0o002;

function unsafe(stats: Stats): string | undefined {
  if (process.getuid === undefined) return undefined;
  return (stats.mode & othersMayWrite) === 0 ? undefined : "can be written by every user of this machine";
}

/**
 * Reads a local module: code that will run with this process's rights. Only the file itself is checked, not its folders.
 * @throws SLUICE_CONFIG_UNSAFE when others may write it
 * @throws SLUICE_CONFIG_NOT_FOUND when it cannot be read
 */
export function readSafely(file: string): string {
  let stats: Stats;
  let source: string;
  try {
    stats = statSync(file);
    source = readFileSync(file, "utf8");
  } catch (error) {
    throw new SluiceError("SLUICE_CONFIG_NOT_FOUND", `cannot be read: ${reasonOf(error)}`, { where: file, cause: error });
  }
  const reason = unsafe(stats);
  if (reason !== undefined) throw new SluiceError("SLUICE_CONFIG_UNSAFE", reason, { where: file });
  return source.replace(/^\uFEFF/, "");
}
