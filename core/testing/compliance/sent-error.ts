import { setTimeout as pause } from "node:timers/promises";
import { config, type Observer } from "rxjs";

const sent = new Set<unknown>();
let outer: typeof config.onUnhandledError = null;

/**
 * Sends an error into a plugin, as its source. Where the plugin subscribes without a handler for errors, RxJS throws it from a timer, and a
 * runner would count an uncaught exception against whatever test runs then: of this error the check itself speaks.
 */
export async function sendError(to: Pick<Observer<unknown>, "error">, error: Error): Promise<void> {
  if (sent.size === 0) {
    outer = config.onUnhandledError;
    config.onUnhandledError = take;
  }
  sent.add(error);
  try {
    to.error(error);
    // RxJS's timer is the shortest that there is, and was made before this one.
    await pause(1);
  } finally {
    sent.delete(error);
    if (sent.size === 0 && config.onUnhandledError === take) config.onUnhandledError = outer;
  }
}

function take(error: unknown): void {
  if (sent.has(error)) return;
  if (outer === null) throw error;
  outer(error);
}
