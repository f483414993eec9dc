import { mkdir, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

/** What is recorded is nobody else's business. */
const MODE = 0o600;

/**
 * Writes a file whole or not at all: who reads it sees what was there, or what is there now. Its folder is made. What is no regular file, such as a
 * device, is written to as it is.
 *
 * @throws what the operating system says; the file is what it was
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const target = await realpath(file).catch(() => file);
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return writeFile(target, text);
  const draft = `${target}.${process.pid}.tmp`;
  try {
    const handle = await open(draft, "w", MODE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
