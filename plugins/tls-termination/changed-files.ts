import { stat } from "node:fs/promises";

/** A check this often, and one more for the files to rest, makes a changed certificate live well within a second. */
const EVERY = 250;

/**
 * Calls `changed` when files have changed and then rested for one check, so that a certificate and its key are not taken apart while
 * they are being written. Polls: that sees atomic renames, Kubernetes' symlink swaps and network file systems alike.
 *
 * @returns what stops it
 */
export function watchFiles(files: readonly string[], changed: () => Promise<void>): () => void {
  let known: string | undefined;
  let resting: string | undefined;
  let busy = false;
  const check = async (): Promise<void> => {
    const seen = (await Promise.all(files.map(stamp))).join("\n");
    known ??= seen;
    if (seen !== known && seen === resting) {
      known = seen;
      await changed();
    }
    resting = seen;
  };
  const guarded = (): void => {
    if (busy) return;
    busy = true;
    void check().finally(() => {
      busy = false;
    });
  };
  guarded();
  const timer = setInterval(guarded, EVERY);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

async function stamp(file: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return "missing";
  }
}
