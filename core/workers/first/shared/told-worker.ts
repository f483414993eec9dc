import type { WorkerChannel } from "../../wire/worker-channel.ts";

/** A worker that can receive messages. */
export interface ToldWorker {
  readonly channel: WorkerChannel;
  /** The worker has died. */
  readonly isGone?: boolean;
  /** Undefined: it does not serve yet. */
  readonly servesSince?: number | undefined;
}
