import { LRUCache } from "lru-cache";
import type { CertificateContext } from "../certificates/certificate-context.ts";

/** The most names under wildcards whose certificates are kept; the least recently used one is forgotten. */
const MAX = 1_000;
/** The most certificates that are made at the same time: clients choose the names, and each certificate costs a key. */
const MAX_MAKING = 16;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Makes a certificate for each name under a wildcard at the handshake. Clients accept no wildcard directly under a top-level name (`*.localhost`),
 * since it would be a certificate for all names of that domain.
 */
export class WildcardLeaves {
  readonly #contexts = new LRUCache<string, Promise<CertificateContext>>({ max: MAX });
  #making = 0;

  constructor(private readonly make: (name: string) => Promise<CertificateContext>) {}

  /** @returns undefined when none is made: the text is not a name, or too many certificates are being made */
  for(name: string): Promise<CertificateContext> | undefined {
    const known = this.#contexts.get(name);
    if (known !== undefined) return known;
    const [first = ""] = name.split(".", 1);
    if (!label.test(first) || this.#making >= MAX_MAKING) return undefined;
    this.#making += 1;
    const made = this.make(name).finally(() => {
      this.#making -= 1;
    });
    made.catch(() => this.#contexts.delete(name));
    this.#contexts.set(name, made);
    return made;
  }
}
