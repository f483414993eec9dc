import { Resolver } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Address } from "../../contract/index.ts";
import { interfaceAddresses } from "../interfaces.ts";
import { NameServer } from "./name-server.ts";
import type { ResolvConf } from "./resolv-conf.ts";
import { codeOf } from "./search-list.ts";
import { ServersInOrder } from "./servers-in-order.ts";

/** How long an IPv4 answer waits for the IPv6 one (RFC 8305 section 3), in milliseconds. */
const RESOLUTION_DELAY = 50;
/**
 * Milliseconds that a server has for an answer if resolv.conf does not say. With glibc's 5 s, the first of several servers would use up all of
 * `timeouts.connect`.
 */
const TIMEOUT = 2_000;

/** Seconds. A larger time to live counts as this one (RFC 8767 section 4): it is a mistake, or an attack that is to last. */
const WEEK = 604_800;

const none: ReadonlySet<string> = new Set();
/** Failures that count for every type of record: an unknown name (RFC 8020), and no answer at all, which would be waited for twice. */
const isFinal: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ETIMEOUT", "ECONNREFUSED", "ECANCELLED"]);

/** Asks name servers, with the true time to live of every address. */
export interface NameServers {
  /**
   * Rejects with Node's DNS errors.
   * @param wrong addresses that do not work: if there is no other IPv4 address, IPv6 ones are asked for too
   */
  query(name: string, wrong?: ReadonlySet<string>): Promise<readonly Address[]>;
  /** Cancels queries under way: they reject with ECANCELLED. */
  close(): void;
}

export interface NameServersOptions extends Pick<ResolvConf, "timeout" | "attempts" | "rotate"> {
  /** `address` or `address:port`; empty: the servers that Node finds. */
  readonly servers: readonly string[];
  /** Whether to ask for IPv6 addresses beside IPv4 ones. @default whether this machine has a global IPv6 address */
  readonly ipv6?: (() => boolean) | undefined;
}

/**
 * Makes a client of name servers. It asks for IPv6 addresses if this machine has a global one, or if the name has no IPv4 address, or none that
 * works. So a name costs one query on most machines. A server that fails, refuses or is silent is followed by the next one.
 *
 * @throws SLUICE_CONFIG_INVALID for a server that is not `address` or `address:port`
 */
export function createNameServers(options: NameServersOptions): NameServers {
  const { rotate, timeout = TIMEOUT, attempts } = options;
  const addresses = options.servers.length > 0 ? options.servers : new Resolver().getServers();
  const servers = addresses.map((address) => new NameServer(address, timeout));
  const ipv6 = options.ipv6 ?? hasGlobalIpv6;
  let turn = 0;
  return {
    query(name, wrong = none) {
      const first = rotate ? turn % servers.length : 0;
      turn += 1;
      const inOrder = new ServersInOrder([...servers.slice(first), ...servers.slice(0, first)], attempts);
      return ipv6() ? askBoth(inOrder, name) : askInTurn(inOrder, name, wrong);
    },
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

async function askInTurn(servers: ServersInOrder, name: string, wrong: ReadonlySet<string>): Promise<readonly Address[]> {
  try {
    const four = await ask4(servers, name);
    return four.every(({ address }) => wrong.has(address)) ? [...four, ...(await ask6(servers, name).catch(() => []))] : four;
  } catch (error) {
    if (isFinal.has(codeOf(error))) throw error;
    // The name may have IPv6 addresses only. Some servers then refuse the other question, and getaddrinfo needs the answer to one of them.
    return ask6(servers, name).catch((other: unknown) => {
      throw codeOf(error) === "ENODATA" ? other : error;
    });
  }
}

async function askBoth(servers: ServersInOrder, name: string): Promise<readonly Address[]> {
  const six = ask6(servers, name).catch(() => []);
  try {
    const four = await ask4(servers, name);
    const late = delay(RESOLUTION_DELAY, [] as readonly Address[], { ref: false });
    return [...(await Promise.race([six, late])), ...four];
  } catch (error) {
    const addresses = await six;
    if (addresses.length > 0) return addresses;
    throw error;
  }
}

async function ask4(servers: ServersInOrder, name: string): Promise<readonly Address[]> {
  const records = await servers.ask((resolver) => resolver.resolve4(name, { ttl: true }));
  return records.map(({ address, ttl }) => ({ address, family: 4, ttl: Math.min(ttl, WEEK) }));
}

async function ask6(servers: ServersInOrder, name: string): Promise<readonly Address[]> {
  const records = await servers.ask((resolver) => resolver.resolve6(name, { ttl: true }));
  return records.map(({ address, ttl }) => ({ address, family: 6, ttl: Math.min(ttl, WEEK) }));
}

/**
 * Whether this machine has an address in 2000::/3. Others do not count: from a link-local or unique local address RFC 6724 prefers IPv4 anyway, so
 * asking for IPv6 too would double the queries without any use. Where the system does not tell, it may have one.
 */
function hasGlobalIpv6(): boolean {
  const all = interfaceAddresses();
  return all instanceof Error || all.some(({ family, internal, address }) => family === "IPv6" && !internal && /^[23]/.test(address));
}
