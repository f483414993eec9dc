import type { Session } from "./session.ts";
import type { TimelineFollower } from "./timeline.ts";

/** Access to the time lines of the sessions that run the plugin's own pipeline: attempts, first bytes, swaps, faults and end, with their times. */
export interface Timelines {
  /**
   * Call it in the constructor or in `setup`.
   *
   * @param begin called for each session, when it is accepted or when a reload has moved it to this pipeline; return undefined not to follow it
   */
  follow(begin: (session: Session) => TimelineFollower | undefined): void;
}
