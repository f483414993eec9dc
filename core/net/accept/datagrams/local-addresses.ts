import { isIP } from "node:net";
import { lookup } from "node:dns/promises";
import { canonicalHost, isWildcard } from "../../../contract/addresses/host-meeting.ts";
import { reasonOf, SluiceError } from "../../../contract/index.ts";
import { interfaceAddresses } from "../../interfaces.ts";

/** Addresses 127.0.0.1 to 127.0.0.15 are served: all of 127.0.0.0/8 belongs to this machine, but interfaces list only one of its addresses. */
const LOOPBACKS = 15;

/** An address to listen at. */
export interface LocalAddress {
  readonly address: string;
  /** If it cannot be bound, the others are served without it. */
  readonly optional: boolean;
}

/**
 * The addresses that a listener with this host listens at: for a wildcard each address of this machine, for a name each address of the name.
 *
 * @throws SLUICE_ADDRESS_UNAVAILABLE if the system does not tell the addresses of this machine; the operating system's error
 */
export async function localAddresses(host: string): Promise<readonly LocalAddress[]> {
  if (isWildcard(host)) return toldAddresses(host);
  // An IPv4 address that is mapped into IPv6 cannot be bound by a UDP socket of IPv6 alone.
  if (isIP(host) !== 0) return [{ address: canonicalHost(host), optional: false }];
  const found = await lookup(host, { all: true });
  const addresses = new Set(found.map(({ address }) => address));
  // RFC 6761 section 6.3: both loopbacks, even if the hosts file has only one.
  if (host === "localhost") for (const loopback of ["127.0.0.1", "::1"]) addresses.add(loopback);
  return [...addresses].map((address, at) => ({ address, optional: at > 0 }));
}

function toldAddresses(wildcard: string): readonly LocalAddress[] {
  const listed = machineAddresses(wildcard);
  if (!(listed instanceof Error)) return listed;
  const detail = `udp://${isIP(wildcard) === 6 ? `[${wildcard}]` : wildcard} needs a list of this machine's addresses, and the system refuses it (${reasonOf(listed)}): name one address, or let the process use AF_NETLINK`;
  throw new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", detail, { cause: listed });
}

/** The addresses that this machine has now; the reason, if the system does not tell them. @param wildcard `::` includes IPv4 addresses */
export function machineAddresses(wildcard: string): readonly LocalAddress[] | Error {
  const listed = interfaceAddresses();
  if (listed instanceof Error) return listed;
  const four = listed.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  const six = listed
    .filter(({ family }) => family === "IPv6")
    .map(({ address, scopeid, name }) => ((scopeid ?? 0) === 0 ? address : `${address}%${name}`));
  const loopbacks = Array.from({ length: LOOPBACKS }, (_, at) => `127.0.0.${at + 1}`);
  const required = new Set(isIP(wildcard) === 6 ? [...six, ...four] : four);
  const optional = loopbacks.filter((address) => !required.has(address));
  return [...[...required].map((address) => ({ address, optional: false })), ...optional.map((address) => ({ address, optional: true }))];
}
