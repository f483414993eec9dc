import { setTimeout as wait } from "node:timers/promises";
import { isUnsettled } from "../files/content-hash.ts";

/** Milliseconds without a write after which a save is taken to be complete. */
export const QUIET_MS = 60;
/** A save is looked at after this many quiet times, however busy the folder is and however slow the writer. */
export const MOST_QUIET_TIMES = 8;

/** Resolves when none of the files looks like a save in progress, or after {@link MOST_QUIET_TIMES}. Does not keep the process alive. */
export async function settled(files: ReadonlySet<string>): Promise<void> {
  for (let times = 0; times < MOST_QUIET_TIMES && [...files].some((file) => isUnsettled(file, QUIET_MS)); times += 1)
    await wait(QUIET_MS, undefined, { ref: false });
}
