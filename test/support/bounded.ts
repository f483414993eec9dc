import { once } from "node:events";
import type { EventEmitter } from "node:events";

/** Long: a machine that runs other tests beside this one is slow at times, and only what fails waits for it. */
const defaultMs = 15_000;

/** A promise with a bound, so that a test which waits in vain says for what. */
export async function bounded<T>(promise: Promise<T>, what: string, within = defaultMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within} ms in vain for ${what}`)), within);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The arguments of an emitter's next event of that name.
 *
 * @throws the emitter's `error`, when that comes first
 */
export async function eventOf(emitter: EventEmitter, name: string, within = defaultMs): Promise<unknown[]> {
  const abort = new AbortController();
  try {
    return await bounded(once(emitter, name, { signal: abort.signal }), `the event "${name}"`, within);
  } finally {
    abort.abort();
  }
}
