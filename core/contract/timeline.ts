/** Something that happened to a session, for its time line. */
export interface TimelineEntry {
  /** Epoch milliseconds, with fractions. */
  readonly at: number;
  /**
   * `accepted hello tls admitted names attempt attempt-failed connected first-byte-from-client first-byte-from-upstream swapped fault held released
   * injected relaying ended`
   */
  readonly what: string;
  /** What else is known of it, such as the endpoint or the code of an error. */
  readonly [detail: string]: unknown;
}

/** Is told what happens to one session. What it throws is a fault of its plugin, and it is told nothing more. */
export interface TimelineFollower {
  /** The last one is `ended`. */
  marked(entry: TimelineEntry): void;
  /** A reload has taken the session to another pipeline. Whoever follows it there has begun by now; nothing more comes here. */
  left?(): void;
}

const most = 256;

/** What happened to one session, in order: the first so many. Made only where somebody may look at it. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  /** Is told of all entries, those that are not kept too. */
  follower: Required<TimelineFollower> | undefined;

  mark(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    const entry = { at: performance.timeOrigin + performance.now(), what, ...details };
    if (this.entries.length < most) this.entries.push(entry);
    this.follower?.marked(entry);
  }
}
