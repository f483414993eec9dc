import { canonicalName } from "./canonical-name.ts";
import { createCertificateContext, keyTypeOf, type CertificateContext, type ContextOptions } from "./certificate-context.ts";
import type { KeyPair } from "./key-pair.ts";

/** The certificates of a listener, and the choice of one for a client: by exact name, then by wildcard, else the first. */
export class CertificateSet {
  readonly #byName = new Map<string, CertificateContext>();
  readonly #first: CertificateContext;
  /** The certificates for every client, if neither its name nor its address can change the choice. */
  readonly only: CertificateContext | undefined;

  /**
   * @param warn called for a certificate that is never used
   * @throws SLUICE_CERTIFICATE_INVALID
   */
  constructor(pairs: readonly [KeyPair, ...KeyPair[]], options: ContextOptions, warn: (message: string) => void) {
    const groups = groupByName(pairs, warn);
    const contexts = new Map<string, CertificateContext>();
    const contextOf = (group: readonly [KeyPair, ...KeyPair[]]): CertificateContext => {
      const id = group.map((pair) => pairs.indexOf(pair)).join();
      const known = contexts.get(id) ?? createCertificateContext(group, options);
      contexts.set(id, known);
      return known;
    };
    for (const [name, group] of groups) this.#byName.set(name, contextOf(group));
    const [first] = pairs;
    this.#first = contextOf(groups.get(first.names[0] ?? "") ?? [first]);
    this.only = [...contexts.values()].every((context) => context === this.#first) ? this.#first : undefined;
  }

  /** The certificates for a name in SNI, in any spelling. Node's own choice of contexts is case-sensitive (CVE-2026-48928). */
  forName(serverName: string): CertificateContext {
    const name = canonicalName(serverName);
    return this.#byName.get(name) ?? this.#byName.get(wildcardOf(name)) ?? this.#first;
  }

  /** Whether only a wildcard covers a name (in its canonical spelling). */
  isUnderWildcard(name: string): boolean {
    return !this.#byName.has(name) && this.#byName.has(wildcardOf(name));
  }

  /** The certificates for a client that sends no name because it connects to an IP address: chosen by that address. */
  forAddress(address: string): CertificateContext {
    return this.#byName.get(address) ?? this.#first;
  }
}

/** The wildcard that covers a name: it replaces one label (RFC 9525 section 6.3). */
function wildcardOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? "" : `*${name.slice(dot)}`;
}

/** The certificates by name: per type of key, the first one with that name. */
function groupByName(pairs: readonly KeyPair[], warn: (message: string) => void): Map<string, [KeyPair, ...KeyPair[]]> {
  const groups = new Map<string, [KeyPair, ...KeyPair[]]>();
  for (const pair of pairs)
    for (const name of pair.names) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [pair]);
      else if (group.every((other) => keyTypeOf(other) !== keyTypeOf(pair))) group.push(pair);
      // Names that Sluice adds itself may be duplicates: the address of localhost may also be in the list.
      else if (pair.where !== "selfSigned")
        warn(`${pair.where}: it is never shown for ${name}: ${group[0].where} comes first, with a key of the same type`);
    }
  return groups;
}
