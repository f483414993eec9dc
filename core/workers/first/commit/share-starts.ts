import type { ShareStart } from "../../../runtime/trial/share.ts";

/**
 * Where the share of each worker begins, so that all together try a share of all sessions, as one process would.
 *
 * @param open the number of open sessions of each worker that belong to the trial
 */
export function shareStarts(open: readonly number[], share: number): readonly ShareStart[] {
  // With nothing open, each worker begins at another place of the share, so that not the first session of each is taken.
  if (open.every((count) => count === 0)) return open.map((_count, at) => ({ seen: 0, taken: at / open.length }));
  let seen = 0;
  return open.map((count) => {
    const start = { seen, taken: Math.ceil(share * seen) };
    seen += count;
    return start;
  });
}
