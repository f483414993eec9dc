import type { Session } from "./session.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Is told what happens to one session. What it throws is a fault of its plugin, and it is told nothing more. */
export interface TimelineFollower {
  /** The last one is `ended`. */
  marked(entry: TimelineEntry): void;
  /** A reload has taken the session to another pipeline. Whoever follows it there has begun by now; nothing more comes here. */
  left?(): void;
}

/** The way to what happens to the sessions that run the plugin's own pipeline, with the times: their tries, first bytes, swaps, faults, end. */
export interface Timelines {
  /**
   * Call it in the constructor or in `setup`.
   *
   * @param begin called for each session, when it is accepted or when a reload has brought it here; undefined: it is not followed
   */
  follow(begin: (session: Session) => TimelineFollower | undefined): void;
}
