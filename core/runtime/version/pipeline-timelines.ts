import { reasonOf, SluiceError, type Session, type TimelineFollower, type Timelines } from "../../contract/index.ts";

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

/** What a follower throws costs that follower, and never the session. */
function guarded(session: Session, begin: Begin, report: Report): Required<TimelineFollower> | undefined {
  let follower: TimelineFollower | undefined;
  const guard = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      follower = undefined;
      report(new SluiceError("SLUICE_PLUGIN_FAILED", `a follower of a time line failed: ${reasonOf(error)}`, { cause: error }));
    }
  };
  guard(() => {
    follower = begin(session);
  });
  if (follower === undefined) return undefined;
  return {
    marked: (entry) => guard(() => follower?.marked(entry)),
    left: () => guard(() => follower?.left?.()),
  };
}
