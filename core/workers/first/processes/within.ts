import { inTime } from "../../../contract/in-time.ts";
import { SluiceError, type ResolvedConfig } from "../../../contract/index.ts";

/** The result of some work. @throws SLUICE_WORKER_LOST if it takes longer than so many milliseconds */
export function within<T>(milliseconds: number, work: Promise<T>, what: string): Promise<T> {
  return inTime(work, milliseconds, () => new SluiceError("SLUICE_WORKER_LOST", `${what} took longer than ${milliseconds} ms`));
}

/**
 * Milliseconds for each step of a generation. Evaluating the config and the setup of each plugin take `timeouts.setup` at most, one after the other.
 */
export function deadlineOf({ timeouts: { setup } }: ResolvedConfig): number {
  return Math.min(2 * setup + 5_000, 2 ** 31 - 1);
}
