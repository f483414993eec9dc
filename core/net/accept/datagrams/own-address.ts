import { isIP } from "node:net";
import { canonicalHost, isWildcard } from "../../../contract/addresses/host-meeting.ts";
import type { SocketAddress } from "../../../contract/index.ts";
import { interfaceAddresses } from "../../interfaces.ts";

/**
 * Whether dialling an address with a listener's own port reaches that listener. All ways of writing it count: 0.0.0.0 and :: lead to this machine
 * itself, ::ffff:127.0.0.1 is 127.0.0.1, and a wildcard listener is at every address of the machine.
 */
export function isOwnAddress(host: string, { address }: Pick<SocketAddress, "address">): boolean {
  const dialled = canonical(host);
  const own = canonical(address);
  if (dialled === own) return true;
  if (isWildcard(dialled)) return isLoopback(own) || isWildcard(own);
  return isWildcard(own) && (isLoopback(dialled) || machineAddresses().has(dialled));
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function machineAddresses(): ReadonlySet<string> {
  const all = interfaceAddresses();
  return new Set(all instanceof Error ? [] : all.map(({ address }) => canonical(address)));
}

/** Without its zone. */
function canonical(address: string): string {
  return isIP(address) === 6 ? canonicalHost(address.replace(/%.*$/, "")) : address;
}
