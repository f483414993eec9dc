import { readFileSync, statSync } from "node:fs";

/** A file that changed so little before it was read may change again within the same tick of the file system's clock (milliseconds). */
const TICK = 100;

/**
 * A small file of the system's, read again whenever it changed: what it is asked for is as it is now. The file is looked at by its path,
 * so a symbolic link that leads elsewhere is a change too; within one turn of the event loop it is looked at once.
 */
export class WatchedFile<T> {
  #version = 0;
  #text: string | undefined;
  #value: T;
  #stamp = "";
  #isLooked = false;

  /** @param parse is given an empty text when the file is missing, or cannot be read */
  constructor(
    private readonly file: string,
    private readonly parse: (text: string) => T,
  ) {
    this.#value = parse("");
  }

  /** Grows with every change. */
  get version(): number {
    if (!this.#isLooked) this.#look();
    return this.#version;
  }

  get value(): T {
    if (!this.#isLooked) this.#look();
    return this.#value;
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
    this.#value = this.parse(text);
    this.#version += 1;
  }

  /** Undefined: there is no such file, and every look is a new one. */
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
