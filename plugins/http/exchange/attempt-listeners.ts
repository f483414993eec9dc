import type { HttpAttempt, HttpAttemptEnd, HttpAttemptListener } from "sluice";

/** Nobody is told of a try. */
export const nobody = (): void => undefined;

/** Those who are told of each try at one request. One that throws keeps it from no other, and costs no try. */
export class AttemptListeners {
  readonly #listeners: HttpAttemptListener[] = [];
  /** What they threw. */
  readonly thrown: unknown[] = [];

  add(listener: HttpAttemptListener): void {
    this.#listeners.push(listener);
  }

  /** @returns to be called with what became of it: the first call counts */
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
