import { SluiceError } from "../../contract/index.ts";

/** How long the kit waits for anything, unless it is told otherwise: milliseconds. */
export const DEFAULT_TIMEOUT = 2_000;

/**
 * A promise with a bound, so that a test which waits in vain says for what.
 *
 * @param waitedFor what for, and what had come instead, asked when the time is up
 * @throws SLUICE_TEST_TIMEOUT
 */
export async function bounded<T>(promise: Promise<T>, timeout: number, waitedFor: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new SluiceError("SLUICE_TEST_TIMEOUT", `waited ${timeout} ms in vain for ${waitedFor()}`));
    }, timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whoever awaits it is told; where nobody does, its rejection ends no process. */
export function maybeUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
