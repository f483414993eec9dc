import { access, constants, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const KEY = "ca-key.pem";

/** What a folder that cannot be written says. */
const unwritable: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** Where the CA of the user lies, for all configs that have none of their own: `$XDG_DATA_HOME/sluice`, `~/.local/share/sluice`. */
export function userCaFolder(): string {
  const { XDG_DATA_HOME: data = "" } = process.env;
  return join(data === "" ? join(homedir(), ".local", "share") : data, "sluice");
}

/**
 * The folder of the CA that signs for a config: the one named; else `.sluice/` beside the config where that has a CA; else the user's where
 * there is one; else a new `.sluice/` beside the config; and where that cannot be written, the user's.
 *
 * @param folder of the config
 * @param named the option `caFolder`, relative to it
 */
export async function caFolderOf(folder: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return resolve(folder, named);
  const beside = join(folder, ".sluice");
  const user = userCaFolder();
  if (await has(beside)) return beside;
  if (await has(user)) return user;
  return (await canBeMade(beside)) ? beside : user;
}

async function has(folder: string): Promise<boolean> {
  return access(join(folder, KEY)).then(
    () => true,
    () => false,
  );
}

async function canBeMade(folder: string): Promise<boolean> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    return !unwritable.has((error as NodeJS.ErrnoException).code ?? "");
  }
}

/** Not recursive at first: Node says then ENOENT where the file system is read-only (EROFS). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") await mkdir(folder, { recursive: true, mode: 0o700 });
    else if (code !== "EEXIST") throw error;
  }
}
