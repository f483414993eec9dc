import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";

const [OTHERS_WRITE, STICKY] = [0o002, 0o1000];

/** Whether others may replace what is in a folder. On file systems without permissions each looks like that: then it is allowed as for configs. */
function isOpen(mode: number): boolean {
  return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0 && process.env["SLUICE_ALLOW_UNSAFE_CONFIG"] !== "1";
}

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
  // Windows has no user ids, and no such permissions.
  const own = process.geteuid?.();
  if (own === undefined) return;
  if (kind === "folder" && isOpen(found.mode)) throw invalidCertificate(path, "every user of this machine may write there: chmod o-w");
  if (found.uid === own || found.uid === 0) return;
  if (found.uid !== (await lstat(dirname(path))).uid)
    throw invalidCertificate(path, `it belongs to another user (uid ${found.uid}): remove it, or make it your own with chown`);
}
