/** Settles like `work`, or rejects after `timeout` milliseconds (the config's `timeouts.setup`). */
export function withinSetup<T>(work: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not done within timeouts.setup, ${timeout} ms`));
    }, timeout);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
