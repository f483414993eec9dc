import { access } from "node:fs/promises";
import { join } from "node:path";
import { userCaFolder } from "./ca-folder.ts";
import type { Notify } from "./notify.ts";

/**
 * Opens or makes the CA of this user, which `tlsTermination` uses for configs that have no CA of their own.
 *
 * @param tell called with messages for the user
 * @returns the path of its certificate
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function userAuthority(tell: Notify): Promise<string>;
/**
 * Opens the CA of this user, if there is one.
 *
 * @returns the path of its certificate; undefined: there is none
 */
export async function userAuthority(tell: Notify, how: { readonly make: false }): Promise<string | undefined>;
export async function userAuthority(tell: Notify, { make }: { readonly make: boolean } = { make: true }): Promise<string | undefined> {
  const folder = userCaFolder();
  const file = join(folder, "ca.pem");
  if (!make && !(await exists(file))) return undefined;
  // Loaded only here: the modules that make certificates would be a quarter of all code that a proxy loads.
  const { openLocalCa } = await import("./local-ca.ts");
  await openLocalCa(folder, tell);
  return file;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
