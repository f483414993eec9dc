/**
 * Whose code is being evaluated: the config's loader says so around each local module, and `definePlugin` notes it in the plugin's
 * definition. Ambient, because `definePlugin` is called by user code that knows nothing of the loader.
 */
let current: string | undefined;

/** Runs `body` with `origin` as the code being evaluated; what was being evaluated around it comes back afterwards. */
export function evaluating<T>(origin: string, body: () => T): T {
  const outer = current;
  current = origin;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** The digest of the local module being evaluated, with every local module it imports; undefined outside a load. */
export function currentOrigin(): string | undefined {
  return current;
}
