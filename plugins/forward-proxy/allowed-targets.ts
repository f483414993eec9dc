import { networks, SluiceError } from "sluice";
import { z } from "zod";

/** The host and port to which a client asks to be connected. */
export interface Target {
  /** A name in lower case without a final dot, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

interface Rule {
  /** Whether the rule matches a name; undefined when the rule is a network. */
  readonly name: ((host: string) => boolean) | undefined;
  /** Whether the rule matches an address. */
  readonly covers: (address: string) => boolean;
  /** Whether the rule also allows addresses that are not public. */
  readonly isNamed: boolean;
  readonly ports: readonly [first: number, last: number];
}

type Family = "IPv4" | "IPv6";
const familyOf = (address: string): Family => (address.includes(":") ? "IPv6" : "IPv4");
const everyPort = [1, 65_535] as const;

/**
 * Addresses that no client should reach unless the config names them: this machine, private networks, links, multicast, and IPv6 networks whose
 * addresses contain IPv4 addresses (IANA's registries of special-purpose addresses; RFC 6890).
 */
const special = [
  ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16"],
  ["198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
  ["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
]
  .flat()
  .map((text) => ({ has: hasOf(text), bits: Number(text.split("/")[1]), family: familyOf(text) }));

/** The targets that clients may be connected to. */
export class AllowedTargets {
  readonly #rules: readonly Rule[];

  constructor(texts: readonly string[]) {
    this.#rules = texts.flatMap((text) => ruleOf(text) ?? []);
  }

  /** Whether a target's name is worth a look-up. {@link permits} then decides on the addresses. */
  mayBe({ port }: Target): boolean {
    return this.#rules.some(({ ports: [first, last] }) => port >= first && port <= last);
  }

  /** Whether an address to which the target leads may be dialled. */
  permits({ host, port }: Target, address: string): boolean {
    const isPublic = !special.some(({ has }) => has(address));
    return this.#rules.some(({ name, covers, isNamed, ports: [first, last] }) => {
      if (port < first || port > last || (!isPublic && !isNamed)) return false;
      return covers(address) || name?.(host) === true;
    });
  }
}

function ruleOf(text: string): Rule | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([^[\]]+?))(?::(\d{1,5}(?:-\d{1,5})?|\*))?$/.exec(isNetwork(text) ? `[${text}]` : text) ?? [];
  const host = (bracketed ?? plain ?? "").toLowerCase();
  const ports = portsOf(digits);
  if (ports === undefined) return undefined;
  if (isNetwork(host)) return { name: undefined, covers: hasOf(host), isNamed: isWithinSpecial(host), ports };
  if (bracketed !== undefined) return undefined;
  return ofName(host, ports);
}

function ofName(host: string, ports: Rule["ports"]): Rule | undefined {
  if (host === "*") return { name: () => true, covers: () => true, isNamed: false, ports };
  const [, wildcard, rest = ""] = /^(\*\.)?([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)$/.exec(host) ?? [];
  // A name whose last label has only digits is a malformed address.
  if (rest === "" || rest.includes("..") || /(?:^|\.)\d+$/.test(rest)) return undefined;
  if (wildcard !== undefined) return { name: (name) => name.endsWith(`.${rest}`), covers: () => false, isNamed: false, ports };
  return { name: (name) => name === rest, covers: () => false, isNamed: true, ports };
}

function portsOf(text: string | undefined): Rule["ports"] | undefined {
  if (text === undefined || text === "*") return everyPort;
  const [first = 0, last = first] = text.split("-").map(Number);
  return first >= 1 && last <= 65_535 && first <= last ? [first, last] : undefined;
}

function isNetwork(text: string): boolean {
  return text !== "unix" && networks().safeParse([text]).success;
}

function hasOf(text: string): (address: string) => boolean {
  const set = networks().parse([text]);
  return (address) => set.has({ address, family: familyOf(address) });
}

/** Whether a network lies completely in a special network. `0.0.0.0/0` does not: it allows no private address. */
function isWithinSpecial(text: string): boolean {
  const [base = "", digits] = text.split("/");
  return special.some(({ has, bits, family }) => {
    if (!has(base)) return false;
    const all = familyOf(base) === "IPv6" ? 128 : 32;
    // An IPv4 network written as IPv6 (RFC 4291 section 2.5.5.2) has 96 bits in front of its own.
    const before = familyOf(base) === family ? 0 : 96;
    return Number(digits ?? all) - before >= bits;
  });
}

const expected =
  'expected "host", "*.host", "*" or a network such as "10.0.0.0/8", and perhaps ":port" or ":from-to" (IPv6 in brackets then)';

/** The zod schema of `allow`; its output checks targets. */
export const allowedTargets = (): z.ZodType<AllowedTargets, readonly string[]> =>
  z
    .array(
      z.string({ error: expected }).refine((text) => ruleOf(text) !== undefined, { error: expected }),
      {
        error: 'expected a list of targets such as ["*.example.com:443", "10.0.0.0/8"]',
      },
    )
    .min(1, { error: "expected at least one target" })
    .transform((texts) => new AllowedTargets(texts));

/** The target that a client names. @returns undefined when the host or the port cannot be dialled */
export function targetOf(host: string, port: number): Target | undefined {
  if (port < 1 || port > 65_535) return undefined;
  const plain = host.toLowerCase().replace(/\.$/, "");
  const isName = plain.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!$)|$))+$/.test(plain);
  const isIPv6 = /^[0-9a-f:.]+$/.test(plain) && plain.includes(":") && isNetwork(plain);
  if (isIPv6) return { host: plain, port };
  const meant = isName ? meantBy(plain) : undefined;
  return meant === undefined ? undefined : { host: meant, port };
}

/**
 * The name itself, or the IPv4 address that the system's look-up reads in it: inet_aton also accepts "127.1", "0x7f.1", "0177.0.0.1" and "2130706433".
 * URLs are parsed like that too (WHATWG URL section 3.5: a host that ends in a number is an IPv4 address or an error).
 */
function meantBy(name: string): string | undefined {
  if (!/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(name)) return name;
  const url = `http://${name}/`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The target, written as an endpoint of an upstream. */
export function endpointOf({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @returns the error if this address of the target must not be dialled */
export function refusalOf(allowed: AllowedTargets, target: Target, address: string): SluiceError | undefined {
  if (allowed.permits(target, address)) return undefined;
  return new SluiceError("SLUICE_CLIENT_REJECTED", `${endpointOf(target)} (${address}) is none of the targets in "allow"`);
}
