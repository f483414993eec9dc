/** Settles as `work` does, or rejects after `timeout` milliseconds, which the config's `timeouts.setup` is. */
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
