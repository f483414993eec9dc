import { lookup, Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { reasonOf, SluiceError, type Address } from "../contract/index.ts";

/** How long an IPv4 answer waits for the IPv6 one (RFC 8305 section 3), in milliseconds. */
const RESOLUTION_DELAY = 50;

/** Asks name servers, with the true time to live of every address. */
export interface NameServers {
  /** Rejects with Node's DNS errors. */
  query(name: string): Promise<readonly Address[]>;
  /** Cancels what is under way: it rejects with ECANCELLED. */
  close(): void;
}

export interface NameServersOptions {
  /** `address` or `address:port`; none: the system's, and its other sources of names (nsswitch) for names that DNS does not know. */
  readonly servers: readonly string[];
  /** Whether to ask for IPv6 addresses beside IPv4 ones. @default whether this machine has a global IPv6 address */
  readonly ipv6?: () => boolean;
}

/**
 * Makes a client of name servers. IPv6 addresses are asked for when this machine has a global one, or when the name has no IPv4
 * address; so a name costs one query on most machines.
 *
 * @throws SLUICE_CONFIG_INVALID for a server that is not `address` or `address:port`
 */
export function createNameServers(options: NameServersOptions): NameServers {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const system = options.servers.length === 0;
  if (!system) useServers(resolver, options.servers);
  const ipv6 = options.ipv6 ?? hasGlobalIpv6;
  return {
    async query(name) {
      try {
        return await (ipv6() ? askBoth(resolver, name) : askInTurn(resolver, name));
      } catch (error) {
        if (system && isLocalName(name) && isUnknown(error)) return askSystem(name);
        throw error;
      }
    },
    close: () => resolver.cancel(),
  };
}

function useServers(resolver: Resolver, servers: readonly string[]): void {
  try {
    resolver.setServers(servers);
  } catch (error) {
    throw new SluiceError("SLUICE_CONFIG_INVALID", `dns.servers: ${reasonOf(error)}`, { cause: error });
  }
}

async function askInTurn(resolver: Resolver, name: string): Promise<readonly Address[]> {
  try {
    return await ask4(resolver, name);
  } catch (error) {
    // The name exists without an IPv4 address. An unknown name (NXDOMAIN) is unknown for every type: RFC 8020.
    if (codeOf(error) === "ENODATA") return ask6(resolver, name);
    throw error;
  }
}

async function askBoth(resolver: Resolver, name: string): Promise<readonly Address[]> {
  const six = ask6(resolver, name).catch(() => []);
  try {
    const four = await ask4(resolver, name);
    const late = delay(RESOLUTION_DELAY, [] as readonly Address[], { ref: false });
    return [...(await Promise.race([six, late])), ...four];
  } catch (error) {
    const addresses = await six;
    if (addresses.length > 0) return addresses;
    throw error;
  }
}

async function ask4(resolver: Resolver, name: string): Promise<readonly Address[]> {
  const records = await resolver.resolve4(name, { ttl: true });
  return records.map(({ address, ttl }) => ({ address, family: 4, ttl: Math.max(0, ttl) }));
}

async function ask6(resolver: Resolver, name: string): Promise<readonly Address[]> {
  const records = await resolver.resolve6(name, { ttl: true });
  return records.map(({ address, ttl }) => ({ address, family: 6, ttl: Math.max(0, ttl) }));
}

/** The system's own look-up knows search domains, mDNS and the like, but no time to live. */
async function askSystem(name: string): Promise<readonly Address[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4, ttl: 0 }));
}

function isLocalName(name: string): boolean {
  return !name.includes(".") || name.endsWith(".local");
}

function isUnknown(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOTFOUND" || code === "ENODATA";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/**
 * Only 2000::/3 counts: from a link-local or unique local address RFC 6724 prefers IPv4 anyway, so asking for IPv6 beside it
 * would double the queries for nothing.
 */
function hasGlobalIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ family, internal, address }) => family === "IPv6" && !internal && /^[23]/.test(address));
}
