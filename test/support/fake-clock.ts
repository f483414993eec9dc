interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

const LONGEST = 2 ** 31 - 1;

/** Stands for the process's clock and its timers, until `restore`. */
export class FakeClock {
  /** Timers so far. */
  started = 0;
  #now = 0;
  readonly #timers = new Map<object, Timer>();
  readonly #real = { setTimeout, clearTimeout };

  constructor() {
    const start = (fired: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): object => {
      const handle = { unref: () => handle };
      this.started += 1;
      // As in Node: what is longer fires at once.
      this.#timers.set(handle, { at: this.#now + (ms > LONGEST ? 1 : ms), fire: () => fired(...given) });
      return handle;
    };
    globalThis.setTimeout = start as never;
    globalThis.clearTimeout = ((handle: object | undefined) => void (handle && this.#timers.delete(handle))) as never;
    // Its own property hides the one of the prototype.
    Object.defineProperty(performance, "now", { configurable: true, value: () => this.#now });
  }

  /** Timers that have not fired. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and every timer of it fire in its turn. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [handle, { at, fire }] = next;
      this.#timers.delete(handle);
      this.#now = at;
      fire();
    }
    this.#now = end;
  }

  restore(): void {
    Object.assign(globalThis, this.#real);
    Reflect.deleteProperty(performance, "now");
  }

  #next(end: number): [object, Timer] | undefined {
    return [...this.#timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at)[0];
  }
}
