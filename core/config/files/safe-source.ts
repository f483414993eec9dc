import type { Stats } from "node:fs";
import { isOutOfFiles, reasonOf, SluiceError } from "../../contract/errors/errors.ts";
import { readRegular, type RegularFile } from "./regular-file.ts";

/** Group write permission may be intended in a team; a file that anyone on the machine can write is never run as code. */
const othersMayWrite = 0o002;

/** Set to `1`, it allows configs that others may write: on file systems without permissions every file looks like that. */
export const allowUnsafe = "SLUICE_ALLOW_UNSAFE_CONFIG";

function unsafe(stats: Stats): string | undefined {
  if (process.getuid === undefined || process.env[allowUnsafe] === "1") return undefined;
  return (stats.mode & othersMayWrite) === 0 ? undefined : "can be written by every user of this machine";
}

/**
 * Reads a local module: code that will run with this process's rights. Only the file itself is checked, not its folders.
 * @throws SLUICE_CONFIG_UNSAFE when others may write it
 * @throws SLUICE_CONFIG_NOT_FOUND when it cannot be read, or is not a regular file
 */
export function readSafely(file: string): string {
  let read: RegularFile;
  try {
    read = readRegular(file);
  } catch (error) {
    const code = isOutOfFiles(error) ? "SLUICE_TOO_FEW_FILES" : "SLUICE_CONFIG_NOT_FOUND";
    throw new SluiceError(code, `cannot be read: ${reasonOf(error)}`, { where: file, cause: error });
  }
  const reason = unsafe(read.stats);
  if (reason !== undefined) throw new SluiceError("SLUICE_CONFIG_UNSAFE", reason, { where: file });
  return read.text;
}
