/** A promise that somebody else settles. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Whoever waits for it sees it rejected; when nobody does, that is no fault.
    this.promise.catch(() => undefined);
  }
}
