import { isIP } from "node:net";
import { Observable, type Subscriber } from "rxjs";
import { SluiceError, type Address, type ResolvedConfig, type Resolver, type Shared } from "../../contract/index.ts";
import { AnswerMemory } from "./answer-memory.ts";
import { createHostsFile, systemHostsPath, type HostsFile } from "./hosts-file.ts";
import { createNameServers, type NameServers } from "./name-servers.ts";
import { dnsError } from "../os-errors.ts";
import { createResolvConf, type ResolvConf } from "./resolv-conf.ts";
import { codeOf, MAX_NAME_LENGTH, searched } from "./search-list.ts";
import { systemLookUp, type SystemLookUp } from "./system-look-up.ts";
import type { WatchedFile } from "./watched-file.ts";

/** Seconds for an address that does not come from DNS. */
const PINNED_TTL = 3_600;
const HOSTS_FILE_TTL = 5;
const loopback = ["127.0.0.1", "::1"] as const;

/**
 * The proxy's own resolver. Except for names that the config pins, it returns the same addresses as getaddrinfo on this machine. It asks in this
 * order: pinned names, literals, the hosts file, `localhost`, DNS with the search list and the options of resolv.conf, and the system's own look-up
 * (mDNS, NSS).
 */
export interface NameResolver extends Resolver {
  /** The same for callers that remember answers themselves: it does not use an earlier answer. */
  lookUp(name: string): Observable<Address[]>;
  /** The same for a name whose addresses did not work: forgets them, and asks for IPv6 addresses too if there is no other IPv4 one. */
  again(name: string): Observable<Address[]>;
  /** Changes with the system's files: answers from before may be wrong. */
  readonly version: string;
  /** Forgets everything. */
  forget(): void;
  /** Cancels look-ups under way, and forgets everything. */
  close(): void;
}

export interface ResolverOptions {
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
  /** @default the system's hosts file */
  readonly hostsFile?: string;
  /** @default /etc/resolv.conf */
  readonly resolvConf?: string;
  /** Whether to ask for IPv6 addresses beside IPv4 ones. @default whether this machine has a global IPv6 address */
  readonly ipv6?: () => boolean;
  /** The look-up of names that the name servers do not know. @default the system's */
  readonly system?: SystemLookUp;
  /** Set if there are several processes: one of them asks for all. */
  readonly shared?: Shared;
}

/**
 * Makes the resolver of a generation. Concurrent look-ups of a name share one query. An answer is used during its time to live, which counts down;
 * with a time to live of 0, only by those who have asked. Failures are not kept.
 *
 * @throws SLUICE_CONFIG_INVALID for a name server that is not `address` or `address:port`
 */
export function createResolver(dns: ResolvedConfig["dns"], options: ResolverOptions = {}): NameResolver {
  return new LayeredResolver(dns, options);
}

class LayeredResolver implements NameResolver {
  readonly #pinned: ReadonlyMap<string, Address[]>;
  readonly #hostsFile: HostsFile;
  readonly #resolvConf: WatchedFile<ResolvConf>;
  readonly #system: SystemLookUp;
  readonly #memory: AnswerMemory;
  readonly #asking = new Map<string, Promise<Address[]>>();
  #servers: NameServers;
  /** The versions of the files at the time when the memory was filled. */
  #version: string;
  #closed = false;

  constructor(
    private readonly dns: ResolvedConfig["dns"],
    private readonly options: ResolverOptions,
  ) {
    const pins = [...dns.hosts].map(
      ([name, addresses]) => [relative(name.toLowerCase()), addresses.map((text) => literal(text, PINNED_TTL))] as const,
    );
    this.#pinned = new Map(pins);
    this.#hostsFile = createHostsFile(options.hostsFile ?? systemHostsPath());
    this.#resolvConf = createResolvConf(options.resolvConf);
    this.#system = options.system ?? systemLookUp;
    this.#memory = new AnswerMemory(options.now ?? (() => performance.now()));
    this.#servers = this.#connect(this.#resolvConf.value);
    this.#version = this.version;
  }

  resolve(name: string): Observable<Address[]> {
    return this.#answer(name, (key) => this.#memory.get(key) ?? this.#ask(key));
  }

  lookUp(name: string): Observable<Address[]> {
    return this.#answer(name, (key) => this.#ask(key));
  }

  again(name: string): Observable<Address[]> {
    return this.#answer(name, (key) => this.#ask(key, new Set(this.#memory.drop(key).map(({ address }) => address))));
  }

  forget(): void {
    this.#memory.clear();
  }

  close(): void {
    this.#closed = true;
    this.#servers.close();
    this.#memory.clear();
  }

  #answer(name: string, find: (key: string) => Address[] | Promise<Address[]>): Observable<Address[]> {
    return new Observable((subscriber) => {
      const key = name.toLowerCase();
      this.#follow();
      const answer = this.#fixed(key, name) ?? find(key);
      if (SluiceError.is(answer)) subscriber.error(answer);
      else if (Array.isArray(answer)) emit(subscriber, answer);
      // An asker that has left gets nothing; the query goes on for the others, and for the next look-up.
      else
        answer.then(
          (addresses) => emit(subscriber, [...addresses]),
          (error: unknown) => subscriber.error(error),
        );
    });
  }

  /** Forgets all answers if a file has changed (a VPN, another network), as they may be wrong now. */
  #follow(): void {
    const { version } = this;
    if (version === this.#version) return;
    this.#version = version;
    this.#memory.clear();
    // Queries under way end at the old servers, and are not shared with new askers.
    this.#asking.clear();
    this.#servers = this.#connect(this.#resolvConf.value);
  }

  get version(): string {
    return `${this.#resolvConf.version} ${this.#hostsFile.version}`;
  }

  #connect({ servers, timeout, attempts, rotate }: ResolvConf): NameServers {
    const own = this.dns.servers;
    return createNameServers({ servers: own.length > 0 ? own : servers, timeout, attempts, rotate, ipv6: this.options.ipv6 });
  }

  /** The addresses of a name that needs no name server. */
  #fixed(key: string, name: string): Address[] | SluiceError | undefined {
    const plain = relative(key);
    const pinned = this.#pinned.get(plain);
    if (pinned !== undefined) return [...pinned];
    if (isIP(plain) !== 0) return [literal(plain, PINNED_TTL)];
    if (!isName(plain)) return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `${JSON.stringify(name.slice(0, 300))} is not a name`);
    const listed = this.#hostsFile.value.get(plain)?.map((text) => literal(text, HOSTS_FILE_TTL)) ?? [];
    const isLocal = plain === "localhost" || plain.endsWith(".localhost");
    if (isLocal) return localAddresses(listed);
    return listed.length > 0 ? listed : undefined;
  }

  /** @param wrong addresses that did not work */
  #ask(key: string, wrong?: ReadonlySet<string>): Promise<Address[]> {
    const question = wrong === undefined ? key : `${key} again`;
    const known = this.#asking.get(question);
    if (known !== undefined) return known;
    const asking = this.#look(key, wrong).finally(() => {
      if (this.#asking.get(question) === asking) this.#asking.delete(question);
    });
    this.#asking.set(question, asking);
    return asking;
  }

  async #look(key: string, wrong: ReadonlySet<string> | undefined): Promise<Address[]> {
    const version = this.#version;
    const addresses = await this.#queryOnce(key, wrong);
    if (version === this.#version) this.#memory.keep(key, addresses);
    return addresses;
  }

  /**
   * Asks once for all processes, as long as resolv.conf is the same. After the addresses of a name did not work that is a separate question: it gets
   * an answer that another process found meanwhile, or a new one.
   */
  async #queryOnce(key: string, wrong: ReadonlySet<string> | undefined): Promise<Address[]> {
    const { shared } = this.options;
    if (shared === undefined || shared.processes === 1) return this.#query(key, wrong);
    const question = JSON.stringify(["dns", this.dns.servers, this.#resolvConf.value, key, wrong === undefined ? "" : "again"]);
    const { value, age } = await shared.once(question, async () => {
      const found = await this.#query(key, wrong);
      return { value: found, lasts: Math.min(...found.map(({ ttl }) => ttl)) * 1_000 };
    });
    return aged(value, age);
  }

  async #query(key: string, wrong: ReadonlySet<string> | undefined): Promise<Address[]> {
    if (this.#closed) throw new SluiceError("SLUICE_CLOSED", `${key} was not looked up: the resolver is closed`);
    try {
      const servers = this.#servers;
      const addresses = await searched(key, this.#resolvConf.value, (name) => servers.query(name, wrong));
      if (addresses.length > 0) return [...addresses];
    } catch (error) {
      return this.#askSystem(key, error);
    }
    throw new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `the name of upstream ${key} has no address`);
  }

  /** Asks the system for a name that the name servers do not have. If the system does not know it either, the name servers' failure counts. */
  async #askSystem(key: string, failure: unknown): Promise<Address[]> {
    if (!this.#closed && isLeftOut(key, codeOf(failure))) {
      const addresses = await this.#system(key).catch(() => []);
      if (addresses.length > 0) return [...addresses];
    }
    throw dnsError(failure, key);
  }
}

/**
 * Whether the system may know a name after name servers failed: if DNS does not know it, or if there is no name server to ask. Name servers need not
 * know names of one label and names of mDNS (RFC 6762 section 3), so for these any failure of theirs is ignored.
 */
function isLeftOut(key: string, code: unknown): boolean {
  if (code === "ENOTFOUND" || code === "ENODATA" || code === "ECONNREFUSED") return true;
  return !key.includes(".") || /^[^.]+\.local\.?$/.test(key);
}

/** The addresses of `localhost` (RFC 6761 section 6.3): DNS is never asked, and both families are there even if the hosts file has only one. */
function localAddresses(listed: readonly Address[]): Address[] {
  const rest = loopback.map((text) => literal(text, PINNED_TTL)).filter(({ family }) => listed.every((each) => each.family !== family));
  return [...listed, ...rest];
}

/** @param age milliseconds */
function aged(addresses: readonly Address[], age: number): Address[] {
  return addresses.map((each) => ({ ...each, ttl: Math.max(0, each.ttl - Math.floor(age / 1_000)) }));
}

function emit(subscriber: Subscriber<Address[]>, addresses: Address[]): void {
  subscriber.next(addresses);
  subscriber.complete();
}

function literal(address: string, ttl: number): Address {
  return { address, family: isIP(address) === 6 ? 6 : 4, ttl };
}

/** A name without the final dot that makes it absolute. */
function relative(key: string): string {
  return key.endsWith(".") ? key.slice(0, -1) : key;
}

/** Control characters and blanks are refused here: older Nodes cut a name at NUL (CVE-2026-48930). */
function isName(key: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the test is for control characters
  return key.length > 0 && key.length <= MAX_NAME_LENGTH && !/[\u0000-\u0020\u007f]/.test(key);
}
