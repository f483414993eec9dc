import { stat } from "node:fs/promises";

/** A check this often, and one more for the files to rest, makes a changed certificate live well within a second. */
const EVERY = 250;

/**
 * Calls `changed` when files have changed and then rested for one check, so that a certificate and its key are not taken apart while
 * they are being written. Polls: that sees atomic renames, Kubernetes' symlink swaps and network file systems alike.
 *
 * @param since what {@link stampFiles} gave before the files were read
 * @returns what stops it
 */
export function watchFiles(files: readonly string[], since: string, changed: () => Promise<void>): () => void {
  let known = since;
  let resting: string | undefined;
  let busy = false;
  const check = async (): Promise<void> => {
    const seen = await stampFiles(files);
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

/** The state of files, to compare a later one with. */
export async function stampFiles(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(stamp))).join("\n");
}

async function stamp(file: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return "missing";
  }
}
