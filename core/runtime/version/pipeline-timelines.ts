import type { Session, SluiceError, TimelineFollower, Timelines } from "../../contract/index.ts";
import { GuardedWatcher } from "./guarded-watcher.ts";

type Begin = Parameters<Timelines["follow"]>[0];
type Report = (error: SluiceError) => void;

/** The followers of the sessions of one pipeline. Makes the value of TIMELINES for its plugins. */
export class PipelineTimelines {
  readonly #followers: { readonly begin: Begin; readonly report: Report }[] = [];

  /** The value of TIMELINES for one plugin. @param report called when one of its followers threw */
  for(report: Report): Timelines {
    return {
      follow: (begin) => {
        this.#followers.push({ begin, report });
      },
    };
  }

  /** All followers of a session, as one; undefined: there is none. */
  of(session: Session): Required<TimelineFollower> | undefined {
    if (this.#followers.length === 0) return undefined;
    const followers = this.#followers.map(({ begin, report }) => guarded(session, begin, report)).filter((own) => own !== undefined);
    if (followers.length <= 1) return followers[0];
    return {
      marked: (entry) => {
        for (const follower of followers) follower.marked(entry);
      },
      left: () => {
        for (const follower of followers) follower.left();
      },
    };
  }
}

function guarded(session: Session, begin: Begin, report: Report): Required<TimelineFollower> | undefined {
  const watcher = GuardedWatcher.begin(() => begin(session), "a follower of a time line", report);
  return (
    watcher && {
      marked: (entry) => watcher.tell((follower) => follower.marked(entry)),
      left: () => watcher.tell((follower) => follower.left?.()),
    }
  );
}
