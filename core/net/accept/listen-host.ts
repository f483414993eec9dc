import { lookup } from "node:dns/promises";
import { realpathSync } from "node:fs";
import { isIP } from "node:net";
import path from "node:path";
import type { ListenAddress } from "../../contract/index.ts";

/**
 * The address that the operating system will bind: a name is looked up as binding does it. A name that cannot be found stays as it is; the attempt to
 * bind it then reports the reason.
 */
export async function settledAddress(address: ListenAddress): Promise<ListenAddress> {
  if (address.path !== undefined || isIP(address.host.replace(/%.*$/, "")) !== 0) return address;
  const found = await lookup(address.host).catch(() => undefined);
  return found === undefined ? address : { ...address, host: found.address };
}

/** The path of a unix socket with all links and `..` of its folder resolved, so that equal paths are one socket. */
export function settledPath(file: string): string {
  try {
    return path.join(realpathSync(path.dirname(file)), path.basename(file));
  } catch {
    return path.normalize(file);
  }
}
