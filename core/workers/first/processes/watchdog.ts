import { isStopped } from "./is-stopped.ts";

/** Milliseconds between two looks at a worker. */
const LOOK_MS = 1_000;
/** Milliseconds without an answer after which a worker is killed. */
const SILENT_MS = 30_000;
/** The same after its drain, when it serves nobody any more. */
const LEAVING_MS = 5_000;

/** The worker, as its watchdog sees it. */
export interface Watched {
  readonly pid: number;
  /** Asks it to answer. */
  ask(): void;
  /** It has not answered for so many seconds. @param excuse why it is not to be killed for it */
  silent(seconds: number, excuse: string | undefined): void;
}

/**
 * Notices that a worker hangs: that a plugin keeps it busy for ever, so that it serves nobody and does not even hear that it is to end.
 *
 * Time is counted in looks, and not read from a clock: while the whole proxy stands still (a frozen container, a machine that sleeps) nobody looks.
 */
export class Watchdog {
  #timer: NodeJS.Timeout | undefined;
  /** Looks since the last answer. The first of them asks again. */
  #looks = 0;
  /** Those of them at which the worker had an excuse. */
  #excused = 0;
  #isDebugged = false;
  #isLeaving = false;
  #patienceMs = SILENT_MS;

  constructor(private readonly worker: Watched) {}

  /** Whether it has left a question unanswered from one look to the next. */
  get isHanging(): boolean {
    return this.#looks > 1;
  }

  begin(): void {
    this.#timer ??= setInterval(() => {
      this.look();
    }, LOOK_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** @param debugged whether a debugger may keep it from answering */
  answered(debugged: boolean): void {
    this.#looks = 0;
    this.#excused = 0;
    this.#isDebugged = debugged;
  }

  /** Until some work is done, the worker may be silent for so long, if that is longer. */
  async during<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    this.#patienceMs = Math.max(SILENT_MS, milliseconds);
    try {
      return await work;
    } finally {
      this.#patienceMs = SILENT_MS;
    }
  }

  /** Its drain is over: nothing excuses it any more. */
  drained(): void {
    this.#isLeaving = true;
  }

  look(): void {
    this.#looks += 1;
    if (!this.isHanging) {
      this.worker.ask();
      return;
    }
    const excuse = this.#isLeaving ? undefined : this.#excuse;
    if (excuse !== undefined) this.#excused += 1;
    const silentMs = (this.#looks - 1) * LOOK_MS;
    const excusedMs = this.#excused * LOOK_MS;
    const isLong = excuse === undefined ? silentMs - excusedMs >= this.#limitMs : excusedMs === SILENT_MS;
    if (isLong) this.worker.silent(silentMs / 1_000, excuse);
  }

  get #limitMs(): number {
    return this.#isLeaving ? LEAVING_MS : this.#patienceMs;
  }

  get #excuse(): string | undefined {
    if (this.#isDebugged) return "a debugger may have stopped it: its inspector is open";
    return isStopped(this.worker.pid) ? "its process is stopped, by a signal or a debugger" : undefined;
  }
}
