import type { Session, SluiceError, TimelineFollower, Timelines } from "../../contract/index.ts";
import { GuardedWatcher } from "./guarded-watcher.ts";

type Begin = Parameters<Timelines["follow"]>[0];
type Report = (error: SluiceError) => void;

/** Who follows the sessions of one pipeline: what TIMELINES stands for in its plugins. */
export class PipelineTimelines {
  readonly #followers: { readonly begin: Begin; readonly report: Report }[] = [];

  /** What one plugin is given. @param report a follower of its own threw */
  for(report: Report): Timelines {
    return {
      follow: (begin) => {
        this.#followers.push({ begin, report });
      },
    };
  }

  /** Those that follow a session, as one; undefined: nobody does. */
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
