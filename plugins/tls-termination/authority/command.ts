import { access } from "node:fs/promises";
import { join } from "node:path";
import { caFolderOf, trustedCaFolder } from "./ca-folder.ts";
import { isLocalName } from "./local-names.ts";
import type { Notify } from "./notify.ts";

// What the command line needs to know of the local CAs.

/**
 * Opens the CA for local names that configs in a folder use; makes that of the user if there is none.
 *
 * @param folder the config's folder
 * @param tell called with messages for the user
 * @returns the path of its certificate
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function openAuthority(folder: string, tell: Notify): Promise<string>;
/**
 * Opens the CA for local names that configs in a folder use, if there is one.
 *
 * @returns the path of its certificate; undefined: there is none
 */
export async function openAuthority(folder: string, tell: Notify, how: { readonly make: false }): Promise<string | undefined>;
export async function openAuthority(folder: string, tell: Notify, how?: { readonly make: false }): Promise<string | undefined> {
  const home = await trustedCaFolder(folder);
  const file = join(home, "ca.pem");
  if (how !== undefined && !(await exists(file))) return undefined;
  // Loaded only here: the modules that make certificates would be a quarter of all code that a proxy loads.
  const { openLocalCa } = await import("./local-ca.ts");
  await openLocalCa(home, tell);
  return file;
}

/** The certificates that clients must trust, for the names of a `selfSigned` in a folder: of local names, and of all others. */
export async function filesToTrust(
  folder: string,
  names: readonly string[],
): Promise<{ readonly local?: string; readonly others?: string }> {
  const home = await caFolderOf(folder, undefined);
  return {
    ...(names.some(isLocalName) ? { local: join(home, "ca.pem") } : {}),
    ...(names.every(isLocalName) ? {} : { others: join(home, "ca-public.pem") }),
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
