import { setTimeout as pause } from "node:timers/promises";

export interface EventuallyOptions {
  /** Milliseconds until it gives up. @default 15000 */
  readonly within?: number;
  /** What is waited for: the beginning of the message when it does not come. */
  readonly what?: string;
}

/** Milliseconds between two tries: short at first, then longer, so that a long wait leaves the CPU to what it waits for. */
const [firstMs, longestMs] = [5, 40];

/**
 * Tries an assertion again and again until it holds: for what gives no event to wait for. Prefer the event where there is one.
 *
 * @throws the assertion's last error, once the time is up
 */
export async function eventually<T>(assertion: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { within = 15_000, what = "it" } = options;
  const end = performance.now() + within;
  for (let stepMs = firstMs; ; stepMs = Math.min(longestMs, stepMs * 1.5)) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= end) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${what} did not hold within ${within} ms: ${reason}`, { cause: error });
      }
    }
    await pause(stepMs);
  }
}
