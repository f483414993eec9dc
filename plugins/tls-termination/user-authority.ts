import { join } from "node:path";
import { userCaFolder } from "./ca-folder.ts";
import type { Tell } from "./local-ca.ts";

/**
 * The CA of this user, which `tlsTermination` uses for configs that have none of their own; it is made where there is none.
 *
 * @param tell told what a person should know
 * @returns the file of its certificate
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function userAuthority(tell: Tell): Promise<string> {
  const folder = userCaFolder();
  // Not before: what makes certificates is a quarter of what a proxy would load.
  const { openLocalCa } = await import("./local-ca.ts");
  await openLocalCa(folder, tell);
  return join(folder, "ca.pem");
}
