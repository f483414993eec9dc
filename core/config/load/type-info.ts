import { createRequire } from "node:module";

type AnyClass = new (...parameters: never[]) => unknown;

/**
 * tsyringe's memory of decorated classes: a strong Map, so without clean-up every class of every reload would stay for ever. It is not
 * exported from the package's index. Only classes of a retired load may be deleted: @peculiar/x509 keeps its own in the same Map.
 */
const { typeInfo, instance } = createRequire(import.meta.url)("tsyringe/dist/cjs/dependency-container.js") as {
  typeInfo: Map<AnyClass, unknown>;
  instance: { _registry: { _registryMap: Map<unknown, readonly { provider: { useClass?: AnyClass } }[]> } };
};

/** The global container's registrations. It also keeps, for ever, an empty list for every token that was looked for and not found there. */
const {
  _registry: { _registryMap: registrations },
} = instance;

/** Classes that some load has claimed; another load that runs at the same time must not take them for its own. */
const claimed = new WeakSet<AnyClass>();

/** The decorated classes that one load has added. */
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

  /** Claims the classes that were decorated since a {@link decoratedClasses} snapshot and that no other load has claimed. */
  claimSince(before: ReadonlySet<AnyClass>): void {
    for (const each of typeInfo.keys()) {
      if (before.has(each) || claimed.has(each)) continue;
      claimed.add(each);
      this.#own.add(each);
    }
    if (this.#retired) this.retire();
  }

  /** Removes the classes, once nothing resolves them any more. */
  retire(): void {
    this.#retired = true;
    for (const each of this.#own) typeInfo.delete(each);
    for (const [token, all] of registrations) {
      // `@singleton()` and similar decorators have registered classes by themselves.
      const kept = all.filter(({ provider: { useClass } }) => useClass === undefined || !this.#own.has(useClass));
      if (kept.length === 0) registrations.delete(token);
      else if (kept.length < all.length) registrations.set(token, kept);
    }
    this.#own.clear();
  }
}

/** A snapshot for {@link LoadedClasses.claimSince}. */
export function decoratedClasses(): ReadonlySet<AnyClass> {
  return new Set(typeInfo.keys());
}
