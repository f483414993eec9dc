import { isIP } from "node:net";
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { isWildcard } from "./own-address.ts";

/** All of 127.0.0.0/8 leads to this machine, and interfaces list one address of it: these are served too. */
const LOOPBACKS = 15;

/** An address to listen at. */
export interface LocalAddress {
  readonly address: string;
  /** Where it cannot be bound, the others are served without it. */
  readonly optional: boolean;
}

/** Where a listener given as this host listens: at each address of this machine for a wildcard, at each of a name's for a name. */
export async function localAddresses(host: string): Promise<readonly LocalAddress[]> {
  if (isWildcard(host)) return machineAddresses(host);
  if (isIP(host) !== 0) return [{ address: host, optional: false }];
  const found = await lookup(host, { all: true });
  const addresses = new Set(found.map(({ address }) => address));
  // RFC 6761 section 6.3, whatever the hosts file leaves out.
  if (host === "localhost") for (const loopback of ["127.0.0.1", "::1"]) addresses.add(loopback);
  return [...addresses].map((address, at) => ({ address, optional: at > 0 }));
}

/** The addresses that this machine has now. @param wildcard `::` stands for those of IPv4 too */
export function machineAddresses(wildcard: string): readonly LocalAddress[] {
  const listed = Object.entries(networkInterfaces()).flatMap(([name, all]) => (all ?? []).map((each) => ({ name, ...each })));
  const four = listed.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  const six = listed
    .filter(({ family }) => family === "IPv6")
    .map(({ address, scopeid, name }) => ((scopeid ?? 0) === 0 ? address : `${address}%${name}`));
  const loopbacks = Array.from({ length: LOOPBACKS }, (_, at) => `127.0.0.${at + 1}`);
  const required = new Set(isIP(wildcard) === 6 ? [...six, ...four] : four);
  const optional = loopbacks.filter((address) => !required.has(address));
  return [...[...required].map((address) => ({ address, optional: false })), ...optional.map((address) => ({ address, optional: true }))];
}
