import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";

/**
 * Refuses a file or folder of secrets that another user could have created, as ssh does with its keys: a symbolic link, something of another
 * kind, or a path that belongs to a different user than this process's user, root, or the owner of its folder (who could replace it
 * anyway). A path that does not exist is accepted.
 *
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function refuseForeign(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw invalidCertificate(path, `a symbolic link is not followed here: put the ${kind} itself there`);
  if (kind === "file" ? !found.isFile() : !found.isDirectory()) throw invalidCertificate(path, `it is no ${kind}`);
  // Windows has no user ids.
  const own = process.geteuid?.();
  if (own === undefined || found.uid === own || found.uid === 0) return;
  if (found.uid !== (await lstat(dirname(path))).uid)
    throw invalidCertificate(path, `it belongs to another user (uid ${found.uid}): remove it, or make it your own with chown`);
}
