import { reasonOf, type Logger } from "../../../contract/index.ts";
import { Backoff } from "./backoff.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** The proxy, as replacements see it. */
export interface ReplacementHost {
  readonly isClosing: boolean;
  readonly options: { readonly logger: Logger };
  readonly workers: { fork(place: number): WorkerProcess };
  /** Brings the generation in force to a new worker. */
  join(worker: WorkerProcess): Promise<void>;
}

/** Replaces each dead worker by a new one at the same place. */
export class Replacements {
  readonly #backoff = new Backoff();

  constructor(private readonly employer: ReplacementHost) {}

  /** A worker has died. */
  after({ place, pid, servesSince, how }: Pick<WorkerProcess, "place" | "pid" | "servesSince" | "how">): void {
    const wait = this.#backoff.after(place, servesSince === undefined ? undefined : performance.now() - servesSince);
    this.employer.options.logger.error({ worker: place + 1, pid, wait, reason: how }, "a worker died, and is replaced");
    setTimeout(() => void this.#replace(place), wait).unref();
  }

  async #replace(place: number): Promise<void> {
    if (this.employer.isClosing) return;
    const worker = this.#fork(place);
    if (worker === undefined) return;
    try {
      await worker.up();
      await this.employer.join(worker);
      this.employer.options.logger.info({ worker: place + 1, pid: worker.pid }, "a worker serves in place of one that died");
    } catch (error) {
      // Its death is logged, and starts the next try.
      if (!this.employer.isClosing && !worker.isGone) worker.kill(error);
    }
  }

  /** @returns undefined if Node cannot make a process, as without memory; then it is tried again, as if it had died */
  #fork(place: number): WorkerProcess | undefined {
    try {
      return this.employer.workers.fork(place);
    } catch (error) {
      this.after({ place, pid: 0, servesSince: undefined, how: reasonOf(error) });
      return undefined;
    }
  }
}
