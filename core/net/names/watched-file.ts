import { readFileSync, statSync } from "node:fs";

/** Milliseconds. A file that changed less than this before it was read may change again within the same tick of the file system's clock. */
const TICK = 100;

/**
 * A small file of the system, whose value is always up to date: it is read again after each change. The file is checked by its path, so a symbolic
 * link with a new target is a change too. Within one turn of the event loop it is checked once.
 */
export class WatchedFile<T> {
  #version = 0;
  #text: string | undefined;
  #parsed: { readonly value: T } | undefined;
  #stamp = "";
  #isLooked = false;

  /** @param parse is given an empty text when the file is missing, or cannot be read */
  constructor(
    private readonly file: string,
    private readonly parse: (text: string) => T,
  ) {}

  /** Grows with every change. */
  get version(): number {
    if (!this.#isLooked) this.#look();
    return this.#version;
  }

  /** Parsed when it is wanted: a proxy that looks up no names does not pay for the hosts file. Node's first check of an IPv6 address compiles a large expression. */
  get value(): T {
    if (!this.#isLooked) this.#look();
    return (this.#parsed ??= { value: this.parse(this.#text ?? "") }).value;
  }

  #look(): void {
    this.#isLooked = true;
    setImmediate(() => (this.#isLooked = false)).unref();
    const stamp = this.#stampNow();
    if (stamp === this.#stamp) return;
    this.#stamp = stamp ?? "";
    const text = stamp === undefined ? "" : this.#read();
    if (text === this.#text) return;
    this.#text = text;
    this.#parsed = undefined;
    this.#version += 1;
  }

  /** The file's stamp; a new one at each look while the last change is less than a TICK ago. Undefined: there is no such file. */
  #stampNow(): string | undefined {
    try {
      const { mtimeMs, ctimeMs, size, ino, dev } = statSync(this.file);
      return Date.now() - ctimeMs < TICK ? `${performance.now()}` : `${mtimeMs} ${ctimeMs} ${size} ${ino} ${dev}`;
    } catch {
      return undefined;
    }
  }

  #read(): string {
    try {
      return readFileSync(this.file, "utf8");
    } catch {
      return "";
    }
  }
}
