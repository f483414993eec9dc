import { canonicalName } from "./canonical-name.ts";
import { createCertificateContext, keyTypeOf, type CertificateContext, type ContextOptions } from "./certificate-context.ts";
import type { KeyPair } from "./key-pair.ts";

/** The certificates of a listener, and which of them a client is shown: exact name, then wildcard, else the first. */
export class CertificateSet {
  readonly #byName = new Map<string, CertificateContext>();
  readonly #first: CertificateContext;

  /**
   * @param warn told of a certificate that is never shown
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
  }

  /** For a name asked for through SNI, however it is spelt: Node's own choice of contexts compares cases (CVE-2026-48928). */
  forName(serverName: string): CertificateContext {
    const name = canonicalName(serverName);
    return this.#byName.get(name) ?? this.#byName.get(wildcardOf(name)) ?? this.#first;
  }

  /** Whether a name (in its canonical spelling) is answered by a wildcard alone. */
  isUnderWildcard(name: string): boolean {
    return !this.#byName.has(name) && this.#byName.has(wildcardOf(name));
  }

  /** For a client that names nobody, as one that was given an IP address: by the address that it came to. */
  forAddress(address: string): CertificateContext {
    return this.#byName.get(address) ?? this.#first;
  }
}

/** A wildcard stands for one label (RFC 9525 section 6.3). */
function wildcardOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? "" : `*${name.slice(dot)}`;
}

/** One certificate per name and type of key: the first of each. */
function groupByName(pairs: readonly KeyPair[], warn: (message: string) => void): Map<string, [KeyPair, ...KeyPair[]]> {
  const groups = new Map<string, [KeyPair, ...KeyPair[]]>();
  for (const pair of pairs)
    for (const name of pair.names) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [pair]);
      else if (group.every((other) => keyTypeOf(other) !== keyTypeOf(pair))) group.push(pair);
      // Names that Sluice gives by itself may meet: the address of localhost and one that was asked for.
      else if (pair.where !== "selfSigned")
        warn(`${pair.where}: it is never shown for ${name}: ${group[0].where} comes first, with a key of the same type`);
    }
  return groups;
}
