import { config } from "rxjs";

let watching = 0;
let outer: typeof config.onStoppedNotification = null;

/**
 * Runs work while data that is emitted after the end of an output is reported. RxJS drops it silently, but tells of it in a later turn of the event loop.
 *
 * @param report called with the number of bytes, in the asynchronous context of the code that emitted them
 */
export async function watchLateOutput<T>(report: (bytes: number) => void, work: () => Promise<T>): Promise<T> {
  if (watching === 0) {
    outer = config.onStoppedNotification;
    config.onStoppedNotification = (notification, subscriber) => {
      if (notification.kind === "N" && Buffer.isBuffer(notification.value)) report(notification.value.length);
      outer?.(notification, subscriber);
    };
  }
  watching += 1;
  try {
    return await work();
  } finally {
    watching -= 1;
    if (watching === 0) config.onStoppedNotification = outer;
  }
}
