import { inTime } from "../contract/in-time.ts";

/** Settles like `work`, or rejects after the config's `timeouts.setup`. */
export function withinSetup<T>(work: Promise<T>, timeout: number): Promise<T> {
  return inTime(work, timeout, () => new Error(`not done within timeouts.setup, ${timeout} ms`));
}
