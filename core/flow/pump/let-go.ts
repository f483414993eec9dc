import { reasonOf } from "../../contract/index.ts";

/**
 * Unsubscribes. A teardown that a plugin gave to RxJS may throw, which must not prevent the end of a session: the error is returned.
 *
 * @returns the first error that a teardown threw; undefined when all went well
 */
export function letGo(subscription: { unsubscribe(): void } | undefined): unknown {
  try {
    subscription?.unsubscribe();
    return undefined;
  } catch (error) {
    return firstOf(error);
  }
}

/** For a warning. @param error that an unsubscription threw, or the first of its errors */
export function teardownFailed(error: unknown): string {
  return `a plugin's hook failed when it was unsubscribed from: ${reasonOf(firstOf(error))}`;
}

/** RxJS calls all teardowns, and then throws their errors as one. */
function firstOf(error: unknown): unknown {
  const [first] = (error as { errors?: unknown[] }).errors ?? [error];
  return first ?? new Error(reasonOf(error));
}
