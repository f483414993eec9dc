import { write, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Descriptor } from "./descriptor.ts";

/** Bytes that may wait for the reader; further lines are dropped and counted. */
export const QUEUE_BYTES = 1024 ** 2;
/** Milliseconds from one write to the next while records keep coming: a busy proxy writes hundreds of records together. */
const EVERY_MS = 5;
/** Bytes that are written without this pause. */
const BATCH_BYTES = 64 * 1024;
/** Milliseconds until a blocked reader is tried again; doubled each time that it took nothing, up to LATER_MS. */
const SOON_MS = 5;
const LATER_MS = 100;
/** Milliseconds until a full disk, or a pipe whose reader has gone, is tried again. */
const FAULT_MS = 1000;

const queues = new Set<LogQueue>();
let watchesExit = false;

/**
 * Lines on their way to a descriptor. They are written together at the end of the turn of the event loop, and while more keep coming, every
 * {@link EVERY_MS} (ADR 0060). Nothing waits for them. If the reader is too slow they are queued, and beyond {@link QUEUE_BYTES} dropped. `notice`
 * makes the line that says how many were dropped, when there is room again.
 */
export class LogQueue {
  /** Makes the line about dropped lines; an empty text means no line. */
  notice: (dropped: number) => string = () => "";
  #lines: string[] = [];
  /** Bytes that were taken from `#lines` and are not written yet. */
  #rest: Buffer | undefined;
  #bytes = 0;
  #dropped = 0;
  /** The end of this turn is awaited. */
  #isScheduled = false;
  /** Waits until {@link EVERY_MS} after the last write. */
  #pause: NodeJS.Timeout | undefined;
  /** On the clock of performance.now(). */
  #writtenAt = -Infinity;
  #retry: NodeJS.Timeout | undefined;
  #patience = SOON_MS;
  /** Another thread is writing to the file. */
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
    // After a drop, half the room must be free before lines are taken again, so that the dropped lines are one gap, which is reported once.
    if (this.#bytes + bytes > (this.#dropped > 0 ? QUEUE_BYTES / 2 : QUEUE_BYTES)) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#tell();
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#schedule();
  }

  /** Writes what the descriptor accepts without waiting. */
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

  /** Continues with another descriptor, and closes the old one when the write under way is done. */
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
    clearTimeout(this.#pause);
    this.#retired.push(this.descriptor);
    if (!this.#writing) this.#closeRetired();
  }

  /** Writes at the end of the process, when the event loop no longer runs. @param until on the clock of performance.now() */
  finishNow(until: number): void {
    // The bytes that another thread is writing will be written: the end of the process waits for it.
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

  #schedule(): void {
    if (this.#isScheduled || this.#retry !== undefined) return;
    if (this.#pause !== undefined && this.#bytes < BATCH_BYTES) return;
    this.#isScheduled = true;
    setImmediate(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    this.#isScheduled = false;
    const pauseMs = this.#bytes < BATCH_BYTES ? this.#writtenAt + EVERY_MS - performance.now() : 0;
    // Lines that come while another thread writes are scheduled at its end. At the end of the process, all are written.
    if (pauseMs > 0) this.#pause ??= setTimeout(this.#pauseEnded, pauseMs).unref();
    else this.#pauseEnded();
  };

  readonly #pauseEnded = (): void => {
    clearTimeout(this.#pause);
    this.#pause = undefined;
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
    this.#writtenAt = performance.now();
    const bytes = this.#rest ?? Buffer.alloc(0);
    // A disk may be slow, so another thread does the write. Descriptors that may block for ever must not be written like that: there are only
    // four such threads, look-ups of names use them too, and the end of the process waits for them.
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
    // The process is ending, and has already written the rest.
    if (!this.#writing) return;
    this.#writing = false;
    this.#closeRetired();
    if (!queues.has(this)) return;
    if (error === null || error === undefined) {
      this.#advance(written);
      if (this.#rest !== undefined) this.flush();
      else if (this.#lines.length > 0 || this.#dropped > 0) this.#schedule();
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
    // A log that nobody reads must not keep the process alive.
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

/** Milliseconds that slow readers have at the end of the process, for all queues together. */
const EXIT_MS = 100;

function finishAll(): void {
  const until = performance.now() + EXIT_MS;
  for (const queue of queues) queue.finishNow(until);
}
