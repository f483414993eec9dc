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
    // RxJS calls the other teardowns first, and then throws all their errors as one.
    const [first] = (error as { errors?: unknown[] }).errors ?? [error];
    return first ?? new Error(reasonOf(error));
  }
}
