import type { WorkerCalls } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";

/** A worker that is told something. */
export interface ToldWorker {
  readonly channel: Channel<WorkerCalls>;
  /** It has died. */
  readonly isGone?: boolean;
}
