import type { WorkerCalls } from "../../wire/calls.ts";
import type { Channel } from "../../wire/channel.ts";

/** A worker that can receive messages. */
export interface ToldWorker {
  readonly channel: Channel<WorkerCalls>;
  /** The worker has died. */
  readonly isGone?: boolean;
  /** Undefined: it does not serve yet. */
  readonly servesSince?: number | undefined;
}
