import { write, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Descriptor } from "./descriptor.ts";

/** Bytes that wait for the reader; what comes beyond them is dropped and counted. */
export const QUEUE_BYTES = 1024 ** 2;
/** A reader that stands still is tried again after so long, and twice as long each time that it took nothing. */
const SOON_MS = 5;
const LATER_MS = 100;
/** A full disk, or a pipe whose reader has gone, is tried again after so long. */
const FAULT_MS = 1000;

const queues = new Set<LogQueue>();
let watchesExit = false;

/**
 * Lines on their way to a descriptor: written once per turn of the event loop, all together, and never waited for. When the reader does
 * not keep up they are queued, and beyond {@link QUEUE_BYTES} dropped; `notice` makes the line that says how many, once there is room.
 */
export class LogQueue {
  /** The line that tells of dropped ones; an empty text for none. */
  notice: (dropped: number) => string = () => "";
  #lines: string[] = [];
  /** What was taken from `#lines` and is not written yet. */
  #rest: Buffer | undefined;
  #bytes = 0;
  #dropped = 0;
  #isScheduled = false;
  #retry: NodeJS.Timeout | undefined;
  #patience = SOON_MS;
  /** The file that is being written to by another thread. */
  #writing = false;
  #retired: Descriptor[] = [];

  constructor(private descriptor: Descriptor) {
    queues.add(this);
    if (watchesExit) return;
    watchesExit = true;
    process.on("exit", finishAll);
  }

  get isTerminal(): boolean {
    return this.descriptor.isTerminal;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    // Half the room must be free again before lines are taken again: so what is missing is one gap, reported once.
    if (this.#bytes + bytes > (this.#dropped > 0 ? QUEUE_BYTES / 2 : QUEUE_BYTES)) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#tell();
    this.#lines.push(line);
    this.#bytes += bytes;
    if (this.#isScheduled || this.#retry !== undefined) return;
    this.#isScheduled = true;
    setImmediate(this.#turnEnded);
  }

  /** Writes what the descriptor takes at once. */
  flush(): void {
    while (!this.#writing && this.#retry === undefined && this.#next() !== undefined) this.#attempt();
  }

  /** Resolves when everything is written, or after `within` milliseconds. */
  async finished(within: number): Promise<void> {
    const end = performance.now() + within;
    this.flush();
    while (this.#next() !== undefined && performance.now() < end) {
      // oxlint-disable-next-line no-await-in-loop -- it waits for the reader
      await pause(SOON_MS);
      this.#again();
    }
  }

  /** Goes on with another descriptor, and closes this one once what is being written is. */
  moveTo(descriptor: Descriptor): void {
    this.#retired.push(this.descriptor);
    this.descriptor = descriptor;
    if (!this.#writing) this.#closeRetired();
    this.#again();
  }

  /** Writes what can be written at once, drops the rest, and closes the descriptor. */
  close(): void {
    this.#again();
    queues.delete(this);
    clearTimeout(this.#retry);
    this.#retired.push(this.descriptor);
    if (!this.#writing) this.#closeRetired();
  }

  /** For the end of the process, when nothing comes back to the event loop. @param until as performance.now() counts */
  finishNow(until: number): void {
    // What another thread is writing is written: the end of the process waits for it.
    if (this.#writing) this.#rest = undefined;
    this.#writing = false;
    while (this.#next() !== undefined) {
      try {
        this.#advance(writeSync(this.descriptor.fd, this.#rest ?? Buffer.alloc(0)));
      } catch (error) {
        if (!isFull(error) || performance.now() >= until) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SOON_MS);
      }
    }
  }

  readonly #turnEnded = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  #again(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.flush();
  }

  /** The bytes to write next. */
  #next(): Buffer | undefined {
    if (this.#rest !== undefined) return this.#rest;
    if (this.#dropped > 0) this.#tell();
    if (this.#lines.length === 0) return undefined;
    this.#rest = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    return this.#rest;
  }

  #tell(): void {
    const line = this.notice(this.#dropped);
    this.#dropped = 0;
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
  }

  #attempt(): void {
    const { fd, isFile } = this.descriptor;
    const bytes = this.#rest ?? Buffer.alloc(0);
    // Its disk may be slow, so another thread waits for it. For what may stand still for ever that is no way: of those threads there are
    // four, names are looked up by them too, and the end of the process waits for them.
    if (isFile) {
      this.#writing = true;
      write(fd, bytes, (error, written) => {
        this.#written(error, written);
      });
      return;
    }
    try {
      this.#advance(writeSync(fd, bytes));
    } catch (error) {
      this.#wait(error);
    }
  }

  #written(error: unknown, written: number): void {
    // The process is ending, and has written the rest already.
    if (!this.#writing) return;
    this.#writing = false;
    this.#closeRetired();
    if (!queues.has(this)) return;
    if (error === null || error === undefined) {
      this.#advance(written);
      this.flush();
    } else this.#wait(error);
  }

  #advance(written: number): void {
    this.#patience = SOON_MS;
    this.#bytes -= written;
    this.#rest = written === this.#rest?.length ? undefined : this.#rest?.subarray(written);
  }

  #wait(error: unknown): void {
    const full = isFull(error);
    this.#retry = setTimeout(
      () => {
        this.#again();
      },
      full ? this.#patience : FAULT_MS,
    );
    // A log that nobody reads keeps no process alive.
    this.#retry.unref();
    if (full) this.#patience = Math.min(this.#patience * 2, LATER_MS);
  }

  #closeRetired(): void {
    for (const descriptor of this.#retired.splice(0)) descriptor.close();
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EAGAIN";
}

/** A reader that is only slow gets this long at the end of the process, all queues together. */
const EXIT_MS = 100;

function finishAll(): void {
  const until = performance.now() + EXIT_MS;
  for (const queue of queues) queue.finishNow(until);
}
