import type { SecureContext } from "node:tls";

export interface NamedContext {
  readonly names: readonly string[];
  readonly context: SecureContext;
}

/** The certificates of a listener, and which of them a client is shown: exact name, then wildcard, else the first. */
export class CertificateSet {
  readonly #byName = new Map<string, SecureContext>();

  constructor(private readonly contexts: readonly [NamedContext, ...NamedContext[]]) {
    for (const { names, context } of contexts) {
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
    }
  }

  /** For a name asked for through SNI, in any case: Node's own choice of contexts compares cases (CVE-2026-48928). */
  forName(serverName: string): SecureContext {
    const name = serverName.toLowerCase();
    const dot = name.indexOf(".");
    // A wildcard stands for one label (RFC 9525 section 6.3).
    const wildcard = dot < 0 ? undefined : this.#byName.get(`*${name.slice(dot)}`);
    return this.#byName.get(name) ?? wildcard ?? this.contexts[0].context;
  }

  /** For a client that names nobody, as one that was given an IP address: by the address that it came to. */
  forAddress(address: string): SecureContext {
    return this.#byName.get(address) ?? this.contexts[0].context;
  }
}
