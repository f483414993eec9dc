import { SluiceError, type Session } from "sluice";
import { Observable, type SchedulerLike, type Subscriber } from "rxjs";
import { hexDifference } from "./hex-difference.ts";
import { matchBytes } from "./match-bytes.ts";
import type { Entry, Message } from "./recording.ts";

export interface ReplayRules {
  readonly match: "sequence" | "table";
  /** How far recorded times are stretched; 0: not waited for. */
  readonly stretch: number;
  readonly clock: SchedulerLike;
  readonly file: string;
}

const nothing = Buffer.alloc(0);

/** Answers one session from what was recorded. */
export class ReplayedSession {
  #entries: readonly Entry[];
  #at = 0;
  #pending: Buffer = nothing;
  #hasAnswered = false;
  #isWaiting = false;
  #clientFinished = false;

  /** @param candidates recorded sessions, the likeliest first */
  constructor(
    private readonly candidates: (readonly Entry[])[],
    private readonly session: Session,
    private readonly rules: ReplayRules,
  ) {
    this.#entries = candidates.shift() ?? [];
  }

  answers(data: Observable<Buffer>): Observable<Buffer> {
    return new Observable<Buffer>((subscriber) => {
      const source = data.subscribe({
        next: (chunk) => this.#heard(chunk, subscriber),
        error: (error: unknown) => subscriber.error(error),
        complete: () => this.#finished(subscriber),
      });
      this.#go(subscriber);
      return source;
    });
  }

  get #isTable(): boolean {
    return this.rules.match === "table";
  }

  /** What comes next. A table begins again, and does not end. */
  #current(): Entry | undefined {
    if (!this.#isTable) return this.#entries[this.#at];
    while ("close" in (this.#entries[this.#at] ?? {})) this.#at += 1;
    return this.#entries[this.#at] ?? this.#entries.find((entry) => isFrom(entry, "client"));
  }

  #heard(chunk: Buffer, to: Subscriber<Buffer>): void {
    this.#pending = this.session.datagrams ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    if (!this.#isWaiting) this.#go(to);
  }

  #finished(to: Subscriber<Buffer>): void {
    this.#clientFinished = true;
    const entry = this.#current();
    if (entry !== undefined && isFrom(entry, "client") && !this.#isTable) return this.#unmatched(entry, to);
    if (!this.#isWaiting) this.#go(to);
  }

  /** Plays what comes next, until something has to be waited for. */
  #go(to: Subscriber<Buffer>): void {
    for (let entry = this.#current(); entry !== undefined && !to.closed; entry = this.#current()) if (!this.#step(entry, to)) break;
    if (this.#clientFinished && !this.#isWaiting && !to.closed) to.complete();
  }

  /** @returns whether it could be done now */
  #step(entry: Entry, to: Subscriber<Buffer>): boolean {
    if (isFrom(entry, "client")) return this.#take(entry, to);
    if (isEndOfClient(entry) && !this.#clientFinished) return false;
    if (this.#later(entry, to)) return false;
    this.#play(entry, to);
    return true;
  }

  #take(entry: Message, to: Subscriber<Buffer>): boolean {
    if (this.#pending.length === 0) return false;
    if (this.#isTable) return this.#lookUp(entry, to);
    const taken = matchBytes(entry.bytes, this.#pending, this.session.datagrams);
    if (taken === "more") return false;
    if (taken === "no") return this.#other(entry, to);
    this.#pending = this.#pending.subarray(taken);
    this.#at += 1;
    return true;
  }

  /** The first that matches, in any order, as often as it is asked. */
  #lookUp(expected: Message, to: Subscriber<Buffer>): boolean {
    const results = this.#entries.map((entry) =>
      isFrom(entry, "client") ? matchBytes(entry.bytes, this.#pending, this.session.datagrams) : "no",
    );
    const found = results.findIndex((result) => typeof result === "number");
    if (found !== -1) {
      this.#pending = this.#pending.subarray(results[found] as number);
      this.#at = found + 1;
      return true;
    }
    if (!results.includes("more")) this.#unmatched(expected, to);
    return false;
  }

  /** Another recorded session may begin like this. */
  #other(entry: Message, to: Subscriber<Buffer>): boolean {
    const next = this.#hasAnswered || this.#at > 0 ? undefined : this.candidates.shift();
    if (next === undefined) {
      this.#unmatched(entry, to);
      return false;
    }
    this.#entries = next;
    return true;
  }

  #later(entry: Entry, to: Subscriber<Buffer>): boolean {
    const { stretch, clock } = this.rules;
    const wait = (entry.at - (this.#entries[this.#at - 1]?.at ?? 0)) * stretch;
    if (wait <= 0) return false;
    this.#isWaiting = true;
    to.add(
      clock.schedule(() => {
        this.#isWaiting = false;
        this.#play(entry, to);
        this.#go(to);
      }, wait),
    );
    return true;
  }

  #play(entry: Entry, to: Subscriber<Buffer>): void {
    this.#at += 1;
    if ("from" in entry) {
      this.#hasAnswered = true;
      to.next(entry.bytes);
    } else if (entry.how === "reset") this.session.close(undefined, { how: "reset", flush: true });
    else if (entry.close === "upstream") to.complete();
  }

  #unmatched(entry: Message, to: Subscriber<Buffer>): void {
    const difference = hexDifference(entry.bytes, this.#pending);
    to.error(new SluiceError("SLUICE_REPLAY_UNMATCHED", `${this.rules.file}: entry ${this.#at + 1} does not match\n${difference}`));
  }
}

function isFrom(entry: Entry, side: Message["from"]): entry is Message {
  return "from" in entry && entry.from === side;
}

/** What the client has to do before it goes on. */
function isEndOfClient(entry: Entry): boolean {
  return "close" in entry && entry.close === "client" && entry.how === "fin";
}
