import { stat } from "node:fs/promises";

/** Milliseconds between checks. After a change and one more check without changes, a new certificate is used well within a second. */
const EVERY = 250;

/**
 * Calls `changed` when files have changed and then not changed for one check, so that a certificate and its key are not read while
 * they are being written. It polls, which also detects atomic renames, Kubernetes' symlink swaps and changes on network file systems.
 *
 * @param since the result of {@link stampFiles} from before the files were read
 * @returns a function that stops it
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

/** The state of files, for comparison with a later state. */
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
