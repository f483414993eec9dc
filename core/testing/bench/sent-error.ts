import { setTimeout as pause } from "node:timers/promises";
import { config, type Observer } from "rxjs";

const sent = new Set<unknown>();
let outer: typeof config.onUnhandledError = null;

/**
 * Sends an error into a plugin, like its source. If the plugin subscribes without an error handler, RxJS throws the error from a timer, and a test
 * runner would blame another test for an uncaught exception. So this error is caught here, and the check reports it.
 */
export async function sendError(to: Pick<Observer<unknown>, "error">, error: Error): Promise<void> {
  if (sent.size === 0) {
    outer = config.onUnhandledError;
    config.onUnhandledError = take;
  }
  sent.add(error);
  try {
    to.error(error);
    // RxJS's timer has the shortest time and was made first, so it fires first.
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
