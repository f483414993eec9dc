/**
 * The origin of the code that is being evaluated: the config's loader sets it around each local module, and `definePlugin` stores it in the
 * plugin's definition. It is a module variable, because `definePlugin` is called by user code that does not know the loader.
 */
let current: (() => string) | undefined;

/**
 * Runs `body` with `origin` as the current origin, and restores the previous one afterwards. It is asked for when a plugin is defined, since by then the
 * module may have loaded others.
 */
export function evaluating<T>(origin: () => string, body: () => T): T {
  const outer = current;
  current = origin;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** The digest of the local module being evaluated and of every local module that it imports; undefined outside a load. */
export function currentOrigin(): string | undefined {
  return current?.();
}
