import { createHash } from "node:crypto";
import { fileStats } from "./file-stats.ts";
import { realPath } from "./links.ts";
import { readRegular } from "./regular-file.ts";

/** The hash of a file's text and of where its path leads, as `ConfigLoader.hashes` has it; undefined when there is no such file, or none that can be read. */
export function contentHash(file: string): string | undefined {
  try {
    const { text } = readRegular(file);
    return hashBehind(createHash("sha256").update(text).digest("base64"), file, realPath(file) ?? file);
  } catch {
    return undefined;
  }
}

/** A link that leads to another file counts as changed, whatever the text: what is imported beside that one may differ. */
export function hashBehind(textHash: string, link: string, file: string): string {
  return link === file ? textHash : `${textHash} of ${file}`;
}

/** Changes whenever a file may have been written; the same for a file that was not. Cheaper than reading it. */
export function stamp(file: string): string {
  const stats = fileStats(file);
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Changes when a file is saved, with the same text too, touched, or given other permissions. */
export function touchStamp(file: string): string | undefined {
  const stats = fileStats(file);
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.mode}:${stats.mtimeNs}`;
}

/**
 * Whether a file looks like a save under way: written to within the last `quietMs` milliseconds, or gone or empty, which it is for a
 * moment when it is truncated or removed to be written again.
 */
export function isUnsettled(file: string, quietMs: number): boolean {
  const stats = fileStats(file);
  if (stats === undefined || stats.size === 0n) return true;
  const age = Date.now() - Number(stats.mtimeMs);
  return age >= 0 && age < quietMs;
}
