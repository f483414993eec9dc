import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Age in milliseconds from which a lock counts as left behind by a killed process: it is normally held for some milliseconds. */
const STALE_MS = 10_000;
const AGAIN_MS = 20;
/** Tries before giving up: where a lock can be neither taken nor removed, the socket cannot be either. */
const MOST_TRIES = 1000;

/**
 * Runs `body` while no other process does so for the same path. The lock is a folder, which only one process can create. Node has no flock.
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
    // Another process has already removed the stale lock.
  }
}
