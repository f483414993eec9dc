import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** What is held for some milliseconds, and is older than this, was left by a process that was killed. */
const STALE_MS = 10_000;
const AGAIN_MS = 20;
/** A lock that can neither be taken nor removed is no place for a socket. */
const MOST_TRIES = 1000;

/**
 * Runs `body` while no other process does for the same path: a folder is made by one alone. Node has no flock.
 *
 * @throws the operating system's error when the folder cannot be made
 */
export async function alone<T>(path: string, body: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  for (let tries = 0; !take(lock); tries++) {
    if (tries === MOST_TRIES) throw new Error(`${lock} cannot be removed`);
    // oxlint-disable-next-line no-await-in-loop -- it waits for the other process
    await pause(AGAIN_MS);
  }
  try {
    return await body();
  } finally {
    release(lock);
  }
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Math.abs(Date.now() - made) > STALE_MS) release(lock);
    return false;
  }
}

function release(lock: string): void {
  try {
    rmdirSync(lock);
  } catch {
    // Somebody else has found it to be stale.
  }
}
