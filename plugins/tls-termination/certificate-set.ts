import { canonicalName } from "./canonical-name.ts";
import type { SecureContext, SecureContextOptions } from "node:tls";

/** A certificate ready for handshakes, and the names that it is chosen by. */
export interface NamedContext {
  readonly names: readonly string[];
  readonly context: SecureContext;
  /** What the context was made of. */
  readonly material: SecureContextOptions;
}

/** The certificates of a listener, and which of them a client is shown: exact name, then wildcard, else the first. */
export class CertificateSet {
  readonly #byName = new Map<string, NamedContext>();

  constructor(private readonly certificates: readonly [NamedContext, ...NamedContext[]]) {
    for (const certificate of certificates) {
      for (const name of certificate.names) if (!this.#byName.has(name)) this.#byName.set(name, certificate);
    }
  }

  /** For a name asked for through SNI, however it is spelt: Node's own choice of contexts compares cases (CVE-2026-48928). */
  forName(serverName: string): NamedContext {
    const name = canonicalName(serverName);
    const dot = name.indexOf(".");
    // A wildcard stands for one label (RFC 9525 section 6.3).
    const wildcard = dot < 0 ? undefined : this.#byName.get(`*${name.slice(dot)}`);
    return this.#byName.get(name) ?? wildcard ?? this.certificates[0];
  }

  /** For a client that names nobody, as one that was given an IP address: by the address that it came to. */
  forAddress(address: string): NamedContext {
    return this.#byName.get(address) ?? this.certificates[0];
  }
}
