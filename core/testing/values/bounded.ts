import { inTime } from "../../contract/in-time.ts";
import { SluiceError } from "../../contract/index.ts";

/** The default time limit of all waits in the kit, in milliseconds. */
export const DEFAULT_TIMEOUT = 2_000;

/**
 * A promise with a time limit, so that a test that fails to get something says what it waited for.
 *
 * @param waitedFor describes what was expected, and what came instead; called when the time is over
 * @throws SLUICE_TEST_TIMEOUT
 */
export function bounded<T>(promise: Promise<T>, timeout: number, waitedFor: () => string): Promise<T> {
  return inTime(promise, timeout, () => new SluiceError("SLUICE_TEST_TIMEOUT", `waited ${timeout} ms in vain for ${waitedFor()}`));
}

/** Marks a promise as handled: if nobody awaits it, its rejection does not end the process. */
export function maybeUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
