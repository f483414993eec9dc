import { SluiceError } from "../../contract/index.ts";

/** Milliseconds that operators get in addition to their time, so that the event loop turns at least once. */
const GRACE_MS = 20;

/**
 * Waits for old operators to complete. The process itself may have been blocked: then what is ready gets its turn before anyone is blamed.
 *
 * @param late called with SLUICE_SWAP_TIMEOUT when the time is up
 * @returns a function that stops waiting
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
