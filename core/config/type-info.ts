import { createRequire } from "node:module";

type AnyClass = new (...parameters: never[]) => unknown;

/**
 * tsyringe's memory of decorated classes: a strong Map, so that every class of every reload would stay for ever. It is not exported
 * from the package's index. Only classes of a retired load may be deleted: @peculiar/x509 keeps its own in the same Map.
 */
const { typeInfo } = createRequire(import.meta.url)("tsyringe/dist/cjs/dependency-container.js") as { typeInfo: Map<AnyClass, unknown> };

/** Classes that some load has claimed; another load that runs at the same time must not take them for its own. */
const claimed = new WeakSet<AnyClass>();

/** The decorated classes that one load has brought. */
export class LoadedClasses {
  readonly #own = new Set<AnyClass>();
  #retired = false;

  /** Claims the classes that are decorated while `body` runs. */
  during<T>(body: () => T): T {
    const before = new Set(typeInfo.keys());
    try {
      return body();
    } finally {
      this.claimSince(before);
    }
  }

  /** Claims what was decorated since a {@link decoratedClasses} snapshot, and by no other load. */
  claimSince(before: ReadonlySet<AnyClass>): void {
    for (const each of typeInfo.keys()) {
      if (before.has(each) || claimed.has(each)) continue;
      claimed.add(each);
      this.#own.add(each);
    }
    if (this.#retired) this.retire();
  }

  /** Lets go of the classes, once nothing resolves them any more. */
  retire(): void {
    this.#retired = true;
    for (const each of this.#own) typeInfo.delete(each);
    this.#own.clear();
  }
}

/** A snapshot for {@link LoadedClasses.claimSince}. */
export function decoratedClasses(): ReadonlySet<AnyClass> {
  return new Set(typeInfo.keys());
}
