import type { HttpAttempt, HttpAttemptEnd, HttpAttemptListener } from "sluice";

/** The function for a request without listeners. */
export const nobody = (): void => undefined;

/** The listeners of each try at one request. One that throws affects neither the other listeners nor the try. */
export class AttemptListeners {
  readonly #listeners: HttpAttemptListener[] = [];
  /** The errors that they threw. */
  readonly thrown: unknown[] = [];

  add(listener: HttpAttemptListener): void {
    this.#listeners.push(listener);
  }

  /** @returns a function to call with the result of the try; only its first call counts */
  begin(attempt: HttpAttempt): (end: HttpAttemptEnd) => void {
    let enders = this.#listeners.map((listener) => this.#guard(() => listener(attempt)));
    return (end) => {
      const told = enders;
      enders = [];
      for (const ended of told) this.#guard(() => ended?.(end));
    };
  }

  #guard<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.thrown.push(error);
      return undefined;
    }
  }
}
