import { within } from "./within.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a worker may take beyond its drain: sockets that close, plugins that are torn down. */
const BEYOND_MS = 45_000;
/** What it may take to exit when all is closed. */
const EXIT_MS = 2_000;

/** Lets workers drain and exit; kills who does not. */
export async function closeWorkers(workers: readonly WorkerProcess[], drainMs: number): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      try {
        await within(drainMs + BEYOND_MS, worker.channel.call("close", drainMs), `the end of ${String(worker)}`);
        worker.leave();
        await within(EXIT_MS, worker.gone, `the exit of ${String(worker)}`);
      } catch {
        if (!worker.isGone) worker.kill();
      }
      await worker.gone;
    }),
  );
}
