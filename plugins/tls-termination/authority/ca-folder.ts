import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { makeFolder } from "sluice";

const KEY = "ca-key.pem";

/** The error codes of a folder that cannot be written. */
const unwritable: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** The folder of the user's CA, for all configs that have no CA of their own: `$XDG_DATA_HOME/sluice`, `~/.local/share/sluice`. */
export function userCaFolder(): string {
  const { XDG_DATA_HOME: data = "" } = process.env;
  return join(data === "" ? join(homedir(), ".local", "share") : data, "sluice");
}

/**
 * The folder of the CA that signs for a config: the named one; else `.sluice/` next to the config if it has a CA; else the user's if it
 * exists; else a new `.sluice/` next to the config, or the user's folder if that cannot be written.
 *
 * @param folder the config's folder
 * @param named the option `caFolder`, relative to the config's folder
 */
export async function caFolderOf(folder: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return resolve(folder, named);
  const beside = join(folder, ".sluice");
  const user = userCaFolder();
  if (await has(beside)) return beside;
  if (await has(user)) return user;
  return (await canBeMade(beside)) ? beside : user;
}

/** The folder of the CA that configs in a folder use, or would use if there were one: `.sluice/` next to them if it has a CA; else the user's. */
export async function trustedCaFolder(folder: string): Promise<string> {
  const beside = join(folder, ".sluice");
  return (await has(beside)) ? beside : userCaFolder();
}

async function has(folder: string): Promise<boolean> {
  return access(join(folder, KEY)).then(
    () => true,
    () => false,
  );
}

async function canBeMade(folder: string): Promise<boolean> {
  try {
    await makeFolder(folder, 0o700);
    await access(folder, constants.W_OK);
    return true;
  } catch (error) {
    return !unwritable.has((error as NodeJS.ErrnoException).code ?? "");
  }
}
