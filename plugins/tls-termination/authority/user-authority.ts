import { join } from "node:path";
import { userCaFolder } from "./ca-folder.ts";
import type { Notify } from "./local-ca.ts";

/**
 * Opens or makes the CA of this user, which `tlsTermination` uses for configs that have no CA of their own.
 *
 * @param tell called with messages for the user
 * @returns the path of its certificate
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function userAuthority(tell: Notify): Promise<string> {
  const folder = userCaFolder();
  // Loaded only here: the modules that make certificates would be a quarter of all code that a proxy loads.
  const { openLocalCa } = await import("./local-ca.ts");
  await openLocalCa(folder, tell);
  return join(folder, "ca.pem");
}
