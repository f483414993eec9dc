import { Duplex } from "node:stream";

/** Bytes that are read ahead, and that may wait to be written. */
const HIGH_WATER = 64 * 1024;
/** Data written in one turn is passed on as one chunk, up to this many bytes. */
const JOINED = 64 * 1024;

/** A Node stream with the further methods that Node's `http` expects of a socket. It has no descriptor of its own. */
export abstract class SocketStream extends Duplex {
  /** Milliseconds of {@link setTimeout}; 0: none. */
  timeout = 0;
  #deadline = Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires: never after the deadline. */
  #firesAt = 0;
  #onTimeout: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: HIGH_WATER });
    // A user of the stream listens for errors while using it; an error in between must not be uncaught.
    this.on("error", () => undefined);
    this.once("close", () => {
      clearTimeout(this.#timer);
    });
  }

  /** Emits `timeout` after this many milliseconds without a byte in either direction; 0: never. One timer serves many calls. */
  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = ms;
    if (this.#onTimeout !== undefined) this.off("timeout", this.#onTimeout);
    this.#onTimeout = ms > 0 ? callback : undefined;
    if (this.#onTimeout !== undefined) this.once("timeout", this.#onTimeout);
    this.#deadline = ms > 0 ? performance.now() + ms : Infinity;
    if (ms > 0) this.#watch(ms);
    return this;
  }

  // These options are set on a plain socket below by the code that opened it.
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Ends, and is destroyed once everything written has been passed on. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else
      this.once("finish", () => {
        this.destroy();
      });
  }

  /** A byte passed. */
  protected touch(): void {
    if (this.timeout === 0) return;
    this.#deadline = performance.now() + this.timeout;
    this.#watch(this.timeout);
  }

  /** Passes on written data; calls back when there is room for more. */
  protected abstract pass(chunk: Buffer, done: (error?: Error | null) => void): void;

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.touch();
    this.pass(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.touch();
    const all = chunks.map(({ chunk }) => chunk);
    const length = all.reduce((sum, chunk) => sum + chunk.length, 0);
    if (length <= JOINED) this.pass(Buffer.concat(all, length), done);
    else this.#passEach(all, done);
  }

  #passEach(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    let at = 0;
    let isPassing = false;
    let isThrough = true;
    // The callback mostly comes at once. A loop instead of a recursion, since a client decides how many chunks there are.
    const next = (error?: Error | null): void => {
      if (error instanceof Error) {
        done(error);
        return;
      }
      isThrough = true;
      if (isPassing) return;
      isPassing = true;
      for (; isThrough && at < chunks.length; at += 1) {
        isThrough = false;
        this.pass(chunks[at] as Buffer, next);
      }
      isPassing = false;
      if (isThrough) done();
    };
    next();
  }

  #watch(ms: number): void {
    if (this.destroyed || (this.#timer !== undefined && this.#firesAt <= this.#deadline)) return;
    clearTimeout(this.#timer);
    this.#firesAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const left = this.#deadline - performance.now();
      if (left === Infinity) return;
      if (left > 0) this.#watch(Math.ceil(left));
      else this.emit("timeout");
    }, ms);
    this.#timer.unref();
  }
}
