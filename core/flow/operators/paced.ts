import { Observable, Subscriber, type MonoTypeOperatorFunction, type SchedulerLike } from "rxjs";
import { checkDuration } from "../../contract/options/arguments.ts";
import type { Duration } from "../../contract/options/units.ts";
import { weightOf } from "./chunk-weight.ts";
import { hold, type Hold } from "./hold.ts";

export interface Pace {
  /** When a chunk may leave, in the scheduler's milliseconds. */
  readonly due: (chunk: Buffer, now: number) => number;
  readonly scheduler: SchedulerLike;
  /** Ask about a chunk only when all before it have left. */
  readonly oneByOne: boolean;
  /** Bytes held before the source is paused. */
  readonly patience: number;
}

/** The longest time that setTimeout can wait: with a longer one it fires at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** The milliseconds that an author's function returned. A number below 0 is a time that has passed: now. @throws SLUICE_PLUGIN_ARGUMENT */
export function waitOf(operator: string, returned: Duration): number {
  return typeof returned === "number" && returned < 0 ? returned : checkDuration(operator, returned);
}

interface PacedChunk {
  readonly chunk: Buffer;
  readonly due: number | undefined;
}

/**
 * The common part of delayBytes and throttleBytes: chunks leave in order, each when it is due, and hold the flow's source until then.
 * On a swap they leave at once, so that the new operators take over without waiting.
 */
export function paced(pace: Pace): MonoTypeOperatorFunction<Buffer> {
  return (source) =>
    new Observable((subscriber) => {
      const grip = hold(pace.patience, () => {
        waiting.hurry();
      });
      const waiting = new PacedSubscriber(subscriber, pace, grip);
      return source.subscribe(waiting);
    });
}

class PacedSubscriber extends Subscriber<Buffer> {
  readonly #to: Subscriber<Buffer>;
  readonly #pace: Pace;
  readonly #hold: Hold;
  #queue: PacedChunk[] = [];
  #scheduled = false;
  #completed = false;

  constructor(to: Subscriber<Buffer>, pace: Pace, grip: Hold) {
    // oxlint-disable-next-line typescript/no-deprecated -- the constructor is how RxJS chains its own operators
    super(to);
    this.#to = to;
    this.#pace = pace;
    this.#hold = grip;
  }

  override _next(chunk: Buffer): void {
    const now = this.#pace.scheduler.now();
    const due = this.#pace.oneByOne && this.#queue.length > 0 ? undefined : this.#ask(chunk, now);
    if (this.closed) return;
    if (due !== undefined && due <= now && this.#queue.length === 0) {
      this.#to.next(chunk);
      return;
    }
    this.#queue.push({ chunk, due });
    this.#hold.acquire(weightOf(chunk));
    this.#plan(now);
  }

  override _complete(): void {
    this.#completed = true;
    if (this.#hold.swapping || this.#queue.length === 0) this.#flush();
  }

  /** A swap came after the input's end. */
  hurry(): void {
    if (this.#completed && !this.closed) this.#flush();
  }

  override unsubscribe(): void {
    const bytes = this.closed ? 0 : this.#queue.reduce((sum, { chunk }) => sum + weightOf(chunk), 0);
    this.#queue = [];
    super.unsubscribe();
    if (bytes > 0) this.#hold.release(bytes, () => undefined);
  }

  #ask(chunk: Buffer, now: number): number {
    try {
      return this.#pace.due(chunk, now);
    } catch (error) {
      this.#to.error(error);
      this.unsubscribe();
      return now;
    }
  }

  #plan(now: number): void {
    const [head] = this.#queue;
    // A chunk that is never due waits for a swap, or for the end of the session.
    if (this.#scheduled || head === undefined || head.due === Infinity) return;
    this.#scheduled = true;
    const flush = (): void => {
      this.#scheduled = false;
      this.#flush();
    };
    this.add(this.#pace.scheduler.schedule(flush, Math.min(LONGEST_WAIT, Math.max(0, (head.due ?? now) - now))));
  }

  /** Emits every chunk that is due. */
  #flush(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const { chunk } = head;
      const now = this.#pace.scheduler.now();
      const due = head.due ?? this.#ask(chunk, now);
      if (this.closed) return;
      if (due > now && !this.#hold.swapping) {
        this.#queue[0] = { chunk, due };
        this.#plan(now);
        return;
      }
      this.#queue.shift();
      this.#hold.release(weightOf(chunk), () => {
        this.#to.next(chunk);
      });
    }
    if (!this.#completed || this.closed) return;
    this.#to.complete();
    this.unsubscribe();
  }
}
