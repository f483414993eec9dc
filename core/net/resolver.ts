import { isIP } from "node:net";
import { LRUCache } from "lru-cache";
import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type Address, type ResolvedConfig, type Resolver } from "../contract/index.ts";
import { createHostsFile, systemHostsPath, type HostsFile } from "./hosts-file.ts";
import { createNameServers, type NameServers } from "./name-servers.ts";
import { dnsError } from "./os-errors.ts";

const MAX_NAMES = 1_000;
/** Seconds for an address that does not come from DNS. */
const PINNED_TTL = 3_600;
const HOSTS_FILE_TTL = 5;
/** RFC 1035 section 3.1, in presentation form. */
const MAX_NAME_LENGTH = 253;

/** The proxy's own resolver: pinned names, literals, `localhost`, the hosts file, then DNS. */
export interface NameResolver extends Resolver {
  /** The same, but for those who remember answers themselves: it does not use one that came before. */
  lookUp(name: string): Observable<Address[]>;
  /** Cancels what is under way and forgets everything. */
  close(): void;
}

export interface ResolverOptions {
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
  /** @default the system's hosts file, when no name servers are configured */
  readonly hostsFile?: string;
  /** Whether to ask for IPv6 addresses beside IPv4 ones. @default whether this machine has a global IPv6 address */
  readonly ipv6?: () => boolean;
}

interface Answer {
  readonly addresses: readonly Address[];
  /** When it came, and the first moment it may no longer be used, on the resolver's clock. */
  readonly since: number;
  readonly until: number;
}

/**
 * Makes the resolver of a generation. Concurrent askers of a name share one query; an answer is used for its time to live, which
 * counts down, and one of time to live 0 for its askers alone. Failures are not kept.
 *
 * @throws SLUICE_CONFIG_INVALID for a name server that is not `address` or `address:port`
 */
export function createResolver(dns: ResolvedConfig["dns"], options: ResolverOptions = {}): NameResolver {
  return new LayeredResolver(dns, options);
}

class LayeredResolver implements NameResolver {
  readonly #pinned: ReadonlyMap<string, Address[]>;
  readonly #hostsFile: HostsFile | undefined;
  readonly #servers: NameServers;
  readonly #now: () => number;
  // No ttl of lru-cache: to it, 0 means for ever.
  readonly #answers = new LRUCache<string, Answer>({ max: MAX_NAMES });
  readonly #asking = new Map<string, Promise<Address[]>>();
  #closed = false;

  constructor(dns: ResolvedConfig["dns"], options: ResolverOptions) {
    this.#pinned = new Map(
      [...dns.hosts].map(([name, addresses]) => [canonical(name), addresses.map((text) => literal(text, PINNED_TTL))]),
    );
    this.#now = options.now ?? (() => performance.now());
    const file = options.hostsFile ?? (dns.servers.length === 0 ? systemHostsPath() : undefined);
    this.#hostsFile = file === undefined ? undefined : createHostsFile(file);
    this.#servers = createNameServers({ servers: dns.servers, ...(options.ipv6 === undefined ? {} : { ipv6: options.ipv6 }) });
  }

  resolve(name: string): Observable<Address[]> {
    return this.#answer(name, (key) => this.#remembered(key));
  }

  lookUp(name: string): Observable<Address[]> {
    return this.#answer(name, () => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#servers.close();
    this.#answers.clear();
  }

  #answer(name: string, remembered: (key: string) => Address[] | undefined): Observable<Address[]> {
    return new Observable((subscriber) => {
      const key = canonical(name);
      const known = this.#fixed(key, name) ?? remembered(key);
      if (SluiceError.is(known)) subscriber.error(known);
      else if (known !== undefined) emit(subscriber, known);
      // An asker who left is skipped; the query goes on for the others, and for the next.
      else
        this.#ask(key).then(
          (addresses) => emit(subscriber, [...addresses]),
          (error: unknown) => subscriber.error(error),
        );
    });
  }

  /** What no name server is asked for. */
  #fixed(key: string, name: string): Address[] | SluiceError | undefined {
    const pinned = this.#pinned.get(key);
    if (pinned !== undefined) return [...pinned];
    if (isIP(key) !== 0) return [literal(key, PINNED_TTL)];
    if (!isName(key)) return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `${JSON.stringify(name.slice(0, 300))} is not a name`);
    // RFC 6761 section 6.3: never a question for DNS.
    if (key === "localhost" || key.endsWith(".localhost")) return [literal("127.0.0.1", PINNED_TTL), literal("::1", PINNED_TTL)];
    return undefined;
  }

  #remembered(key: string): Address[] | undefined {
    const answer = this.#answers.get(key);
    const now = this.#now();
    if (answer === undefined || now >= answer.until) return undefined;
    const age = Math.floor((now - answer.since) / 1_000);
    return answer.addresses.map(({ address, family, ttl }) => ({ address, family, ttl: Math.max(0, ttl - age) }));
  }

  #ask(key: string): Promise<Address[]> {
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#look(key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #look(key: string): Promise<Address[]> {
    const listed = (await this.#hostsFile?.lookup(key)) ?? [];
    const addresses = listed.length > 0 ? listed.map((text) => literal(text, HOSTS_FILE_TTL)) : await this.#query(key);
    const ttl = Math.min(...addresses.map((address) => address.ttl));
    const since = this.#now();
    if (ttl > 0) this.#answers.set(key, { addresses, since, until: since + ttl * 1_000 });
    return addresses;
  }

  async #query(key: string): Promise<Address[]> {
    if (this.#closed) throw new SluiceError("SLUICE_CLOSED", `${key} was not looked up: the resolver is closed`);
    try {
      const addresses = await this.#servers.query(key);
      if (addresses.length > 0) return [...addresses];
    } catch (error) {
      throw dnsError(error, key);
    }
    throw new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `the name of upstream ${key} has no address`);
  }
}

function emit(subscriber: Subscriber<Address[]>, addresses: Address[]): void {
  subscriber.next(addresses);
  subscriber.complete();
}

function literal(address: string, ttl: number): Address {
  return { address, family: isIP(address) === 6 ? 6 : 4, ttl };
}

function canonical(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** Control characters and blanks are refused here: older Nodes cut a name at NUL (CVE-2026-48930). */
function isName(key: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  return key.length > 0 && key.length <= MAX_NAME_LENGTH && !/[\u0000-\u0020\u007f]/.test(key);
}
