import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds, longer than any writer holds the lock: an older lock is from a process that died. */
const STALE = 10_000;
const PATIENCE = 2 * STALE;
const AGAIN = 20;

/**
 * Runs work that reads, changes and writes files of a folder, in one process at a time. The lock of a dead process is taken over.
 * @throws the error of the work, or an error when the folder stays locked
 */
export async function locked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = join(folder, ".lock");
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      await writeFile(file, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        // On a full disk the file is made, and only its text is missing.
        await rm(file, { force: true });
        throw error;
      }
    }
    if (Date.now() > end) throw new Error(`${file} is held by another process: remove it if none is running`);
    const made = await stat(file).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > STALE) await rm(file, { force: true });
    else await wait(AGAIN);
  }
}
