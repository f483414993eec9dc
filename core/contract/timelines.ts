import type { Session } from "./session.ts";
import type { TimelineFollower } from "./timeline.ts";

/** The way to what happens to the sessions that run the plugin's own pipeline, with the times: their tries, first bytes, swaps, faults, end. */
export interface Timelines {
  /**
   * Call it in the constructor or in `setup`.
   *
   * @param begin called for each session, when it is accepted or when a reload has brought it here; undefined: it is not followed
   */
  follow(begin: (session: Session) => TimelineFollower | undefined): void;
}
