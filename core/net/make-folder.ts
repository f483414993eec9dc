import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

/**
 * Makes a folder and those above it that are missing; one that is there stays as it is. What the file system says comes through: for a folder on
 * a read-only one, mkdir of Node with `recursive` says that there is no such file (ENOENT, as it looks for the folder afterwards), this function EROFS.
 *
 * @param mode of each folder that is made, less the umask. @default 0o777
 * @throws what the operating system says
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") await mkdir(firstMissing(path.resolve(folder)), { mode });
    throw error;
  }
}

function firstMissing(folder: string): string {
  const above = path.dirname(folder);
  return above === folder || existsSync(above) ? folder : firstMissing(above);
}
