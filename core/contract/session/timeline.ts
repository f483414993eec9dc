/** Something that happened to a session, for its time line. */
export interface TimelineEntry {
  /** Epoch milliseconds, with fractions. */
  readonly at: number;
  /**
   * `accepted hello tls admitted names attempt attempt-failed connected first-byte-from-client first-byte-from-upstream swapped fault held released
   * injected relaying ended`
   */
  readonly what: string;
  /** Further facts, such as the endpoint or the code of an error. */
  readonly [detail: string]: unknown;
}

/** Is notified of what happens to one session. An exception is a fault of its plugin, and the follower is not called again. */
export interface TimelineFollower {
  /** Called for each entry; the last one is `ended`. */
  marked(entry: TimelineEntry): void;
  /** A reload has moved the session to another pipeline. The followers of that pipeline have begun already; this one is not called again. */
  left?(): void;
}

const most = 256;

/** What happened to one session, in order: the first 256 entries. Made only if somebody may look at it. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  /** Is notified of all entries, also of those that are not kept. */
  follower: Required<TimelineFollower> | undefined;

  mark(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    const entry = { at: performance.timeOrigin + performance.now(), what, ...details };
    if (this.entries.length < most) this.entries.push(entry);
    this.follower?.marked(entry);
  }
}
