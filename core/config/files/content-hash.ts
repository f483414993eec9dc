import { createHash } from "node:crypto";
import { fileStats } from "./file-stats.ts";
import { realPath } from "./links.ts";
import { readRegular } from "./regular-file.ts";

/** The hash of a file's text and of where its path leads, as in `ConfigLoader.hashes`; undefined when the file does not exist or cannot be read. */
export function contentHash(file: string): string | undefined {
  try {
    const { text } = readRegular(file);
    return hashBehind(createHash("sha256").update(text).digest("base64"), file, realPath(file) ?? file);
  } catch {
    return undefined;
  }
}

/** The hash of a file reached by a link: a link that leads to another file counts as changed, since the imports beside that file may differ. */
export function hashBehind(textHash: string, link: string, file: string): string {
  return link === file ? textHash : `${textHash} of ${file}`;
}

/** A text that changes whenever the file may have been written, and only then. Cheaper than reading the file. */
export function stamp(file: string): string {
  const stats = fileStats(file);
  return stats === undefined ? "" : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** A text that changes when a file is saved (even with the same text), touched, or given other permissions. */
export function touchStamp(file: string): string | undefined {
  const stats = fileStats(file);
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.mode}:${stats.mtimeNs}`;
}

/**
 * Whether a file looks like a save in progress: it was written in the last `quietMs` milliseconds, or it is gone or empty, which happens for
 * a moment when it is truncated or removed before it is written again.
 */
export function isUnsettled(file: string, quietMs: number): boolean {
  const stats = fileStats(file);
  if (stats === undefined || stats.size === 0n) return true;
  const age = Date.now() - Number(stats.mtimeMs);
  return age >= 0 && age < quietMs;
}
