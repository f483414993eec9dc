import { reasonOf } from "../../contract/index.ts";

/**
 * Unsubscribes. What a plugin gave RxJS to be called then may throw, and must not keep a session from ending: that is returned.
 *
 * @returns the first error that a teardown threw; undefined when all went well
 */
export function letGo(subscription: { unsubscribe(): void } | undefined): unknown {
  try {
    subscription?.unsubscribe();
    return undefined;
  } catch (error) {
    // RxJS calls the rest of them first, and throws what it gathered.
    const [first] = (error as { errors?: unknown[] }).errors ?? [error];
    return first ?? new Error(reasonOf(error));
  }
}
