import { BlockList, isIP } from "node:net";

/** Names that no public DNS has: RFC 6761 (localhost, test), 6762 (local), 8375 (home.arpa), and ICANN's reservation of internal. */
export const localDomains: readonly string[] = ["localhost", "test", "local", "internal", "home.arpa"];

/** Loopback, link-local and private networks: RFC 6890, 1918, 4193, 4291. */
export const localNetworks: readonly (readonly [address: string, prefix: number])[] = [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
];

const networks = new BlockList();
for (const [address, prefix] of localNetworks) networks.addSubnet(address, prefix, isIP(address) === 4 ? "ipv4" : "ipv6");

/** Whether a canonical name, wildcard or address can only belong to this machine or its own network. */
export function isLocalName(name: string): boolean {
  const family = isIP(name);
  if (family !== 0) return networks.check(name, family === 4 ? "ipv4" : "ipv6");
  const base = name.replace(/^\*\./, "");
  return localDomains.some((domain) => base === domain || base.endsWith(`.${domain}`));
}
