import { LRUCache } from "lru-cache";
import type { CertificateContext } from "./certificate-context.ts";

/** Names under wildcards that certificates are kept for; the one unused longest is forgotten. */
const MAX = 1_000;
/** Certificates that are made at one time: clients choose the names, and each costs a key. */
const MAX_MAKING = 16;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A certificate for each name that is asked for under a wildcard, made at the handshake: no client takes a wildcard directly under a top-level name
 * (`*.localhost`), which would be a certificate for everybody of that domain.
 */
export class WildcardLeaves {
  readonly #contexts = new LRUCache<string, Promise<CertificateContext>>({ max: MAX });
  #making = 0;

  constructor(private readonly make: (name: string) => Promise<CertificateContext>) {}

  /** @returns undefined where none is made: for what is no name, and while too many are */
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
