/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // A rejection reaches those who wait for the promise. If nobody waits, it must not count as unhandled.
    this.promise.catch(() => undefined);
  }
}
