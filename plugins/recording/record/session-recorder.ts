import type { Session } from "sluice";
import type { SchedulerLike } from "rxjs";
import type { Ending, Entry, Side } from "../format/recording.ts";

/** The most bytes of one session. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The memory for all sessions that are recorded into one file. */
export interface RecordingMemory {
  /** @returns false when there is not enough room */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Collects the data of one session until it ends. */
export class SessionRecorder {
  #entries: Entry[] = [];
  readonly #began: number;
  #bytes = 0;
  /** Whether there was not enough room: then nothing of the session is kept. */
  isTooLarge = false;
  /** Whether the session is to be kept. */
  isWanted = true;

  constructor(
    private readonly session: Session,
    private readonly clock: SchedulerLike,
    private readonly room: RecordingMemory,
  ) {
    this.#began = clock.now();
  }

  said(from: Side, chunk: Buffer): void {
    if (this.isTooLarge || chunk.length === 0) return;
    if (this.#bytes + chunk.length > MAX_BYTES || !this.room.take(chunk.length)) {
      this.isTooLarge = true;
      this.#entries = [];
      this.release();
      return;
    }
    this.#bytes += chunk.length;
    this.#entries.push({ from, at: this.#now(), bytes: Buffer.from(chunk) });
  }

  closed(close: Side, how: Ending = "fin"): void {
    if (this.isTooLarge || (this.session.datagrams && how !== "reset")) return;
    const isKnown = this.#entries.some((entry) => "close" in entry && (entry.close === close || entry.how === "reset"));
    if (!isKnown) this.#entries.push({ close, at: this.#now(), how });
  }

  /** Gives back the room of its data. */
  release(): void {
    this.room.give(this.#bytes);
    this.#bytes = 0;
  }

  /** The entries of the session. On a stream, successive chunks of one side become one entry: the sizes of chunks have no meaning. */
  entries(): Entry[] {
    const merged: Entry[] = [];
    let parts: Buffer[] = [];
    for (const entry of this.#entries) {
      const last = merged.at(-1);
      if (!this.session.datagrams && "from" in entry && last !== undefined && "from" in last && last.from === entry.from) {
        parts.push(entry.bytes);
        continue;
      }
      joinInto(merged, parts);
      parts = [];
      merged.push(entry);
    }
    joinInto(merged, parts);
    return merged;
  }

  #now(): number {
    return this.clock.now() - this.#began;
  }
}

function joinInto(entries: Entry[], parts: readonly Buffer[]): void {
  const last = entries.at(-1);
  if (parts.length > 0 && last !== undefined && "from" in last)
    entries[entries.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, ...parts]) };
}
