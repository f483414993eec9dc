import { SluiceError } from "../../contract/index.ts";

/** What operators get on top of their time, so that the event loop turns at least once. */
const GRACE_MS = 20;

/**
 * Waits for old operators to complete. It may be the process that stood still: then what is ready gets its turn before anyone is blamed.
 *
 * @param late given SLUICE_SWAP_TIMEOUT when the time is up
 * @returns how to stop waiting
 */
export function startSwapDeadline(milliseconds: number, late: (error: SluiceError) => void): () => void {
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      late(new SluiceError("SLUICE_SWAP_TIMEOUT", "the old operators did not complete"));
    }, GRACE_MS);
  }, milliseconds);
  return () => {
    clearTimeout(timer);
  };
}
