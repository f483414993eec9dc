import { within } from "./within.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Milliseconds that a worker may take after its drain, to close sockets and tear plugins down. */
const BEYOND_MS = 45_000;
/** Milliseconds that it may take to exit after everything is closed. */
const EXIT_MS = 2_000;

/** Lets workers drain and exit, and kills those that do not. */
export async function closeWorkers(workers: readonly WorkerProcess[], drainMs: number): Promise<void> {
  const drained = setTimeout(() => {
    for (const worker of workers) worker.drained();
  }, drainMs);
  await Promise.all(workers.map((worker) => closeWorker(worker, drainMs)));
  clearTimeout(drained);
}

async function closeWorker(worker: WorkerProcess, drainMs: number): Promise<void> {
  try {
    await worker.channel.order(drainMs + BEYOND_MS, "close", drainMs);
    worker.leave();
    await within(EXIT_MS, worker.gone, `the exit of ${String(worker)}`);
  } catch (error) {
    worker.kill(error);
  }
  await worker.gone;
}
