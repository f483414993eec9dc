import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";

const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];

/**
 * Refuses a file or folder of secrets that another user could have created, as ssh does with its keys: a symbolic link, something of another
 * kind, a folder in which every user may write, or a path that belongs to a different user than this process's user, root, or the owner of its folder (who could replace it
 * anyway). A path that does not exist is accepted.
 *
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function refuseForeign(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw invalidCertificate(path, `a symbolic link is not followed here: put the ${kind} itself there`);
  if (kind === "file" ? !found.isFile() : !found.isDirectory()) throw invalidCertificate(path, `it is no ${kind}`);
  if (isOpen(found)) throw invalidCertificate(path, "every user of this machine may write there: chmod o-w");
  if (await belongsToAnother(path, found.uid))
    throw invalidCertificate(path, `it belongs to another user (uid ${found.uid}): remove it, or make it your own with chown`);
}

/** Whether others may replace what is in a folder. On file systems without permissions every folder looks like that; the switch that allows such configs allows it too. */
function isOpen(found: Stats): boolean {
  // Windows has no user ids, and no such permissions.
  if (!found.isDirectory() || process.geteuid === undefined || process.env["SLUICE_ALLOW_UNSAFE_CONFIG"] === "1") return false;
  return (found.mode & (OTHERS_WRITE | STICKY)) === OTHERS_WRITE;
}

async function belongsToAnother(path: string, uid: number): Promise<boolean> {
  const own = process.geteuid?.();
  return own !== undefined && uid !== own && uid !== 0 && uid !== (await lstat(dirname(path))).uid;
}
