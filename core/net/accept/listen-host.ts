import { lookup } from "node:dns/promises";
import { realpathSync } from "node:fs";
import { isIP } from "node:net";
import path from "node:path";
import type { ListenAddress } from "../../contract/index.ts";

/**
 * The address as the operating system will take it: a name looked up, as binding does it. One that cannot be found is left as it is, for the
 * attempt to bind it to say why.
 */
export async function settledAddress(address: ListenAddress): Promise<ListenAddress> {
  if (address.path !== undefined || isIP(address.host.replace(/%.*$/, "")) !== 0) return address;
  const found = await lookup(address.host).catch(() => undefined);
  return found === undefined ? address : { ...address, host: found.address };
}

/** The path of a unix socket without links and detours in its folders: two that are equal are one socket. */
export function settledPath(file: string): string {
  try {
    return path.join(realpathSync(path.dirname(file)), path.basename(file));
  } catch {
    return path.normalize(file);
  }
}
