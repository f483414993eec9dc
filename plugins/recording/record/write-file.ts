import { open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "sluice";

/** Only the owner may read recordings. */
const MODE = 0o600;

/**
 * Writes a file completely or not at all: a reader sees either the old text or the new one. Creates its folder. Something that is not a regular file,
 * such as a device, is written to directly.
 *
 * @throws the error of the operating system; the file is unchanged then
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  await makeFolder(path.dirname(file));
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
