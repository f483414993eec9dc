import { readdirSync, readlinkSync } from "node:fs";
import type { Counts } from "./growth.ts";

/** All open files together: a plugin may give each a name of its own. */
const ANY = "an open file";

/** The number of open files, of each and together, if the system tells them. */
export function countOpenFiles(): Counts {
  const counts = new Map<string, number>();
  for (const file of openFiles()) for (const what of [`an open file (${file})`, ANY]) counts.set(what, (counts.get(what) ?? 0) + 1);
  return counts;
}

/** The files that were opened since then. */
export function openedSince(before: Counts): string[] {
  return [...countOpenFiles()].flatMap(([what, count]) => (what !== ANY && count > (before.get(what) ?? 0) ? [String(what)] : []));
}

/** Without the sum, if a file is named. */
export function namedFiles(found: readonly string[]): readonly string[] {
  return found.some((what) => what.startsWith(`${ANY} (`)) ? found.filter((what) => what !== ANY) : found;
}

function openFiles(): string[] {
  try {
    return readdirSync("/proc/self/fd").flatMap((fd) => openFile(`/proc/self/fd/${fd}`));
  } catch {
    return [];
  }
}

function openFile(link: string): string[] {
  try {
    const file = readlinkSync(link);
    // Sockets and pipes are not files. A descriptor of another thread may be closed by now.
    return file.startsWith("/") && !file.startsWith("/proc") ? [file] : [];
  } catch {
    return [];
  }
}
