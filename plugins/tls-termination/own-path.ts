import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";

/**
 * Refuses a file or folder of secrets that somebody else could have put there, as ssh does with its keys: one behind a symbolic link, one
 * that is of another kind, and one that belongs to a user who is neither this process's, nor root, nor the owner of the folder that it
 * lies in (who could replace it anyway). Nothing is wrong with one that does not exist.
 *
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function refuseForeign(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw invalidCertificate(path, `a symbolic link is not followed here: put the ${kind} itself there`);
  if (kind === "file" ? !found.isFile() : !found.isDirectory()) throw invalidCertificate(path, `it is no ${kind}`);
  // Windows has no numbers for users.
  const own = process.geteuid?.();
  if (own === undefined || found.uid === own || found.uid === 0) return;
  if (found.uid !== (await lstat(dirname(path))).uid)
    throw invalidCertificate(path, `it belongs to another user (uid ${found.uid}): remove it, or make it your own with chown`);
}
