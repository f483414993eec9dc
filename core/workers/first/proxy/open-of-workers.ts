import type { OpenSessions } from "../../../runtime/proxy/serving-proxy.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/** The open sessions of all workers. */
export async function openOf(workers: readonly WorkerProcess[]): Promise<OpenSessions> {
  const all = await Promise.allSettled(workers.map((worker) => worker.channel.call("open")));
  const told = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const sum = (read: (each: OpenSessions) => number): number => told.reduce((total, each) => total + read(each), 0);
  return { streams: sum(({ streams }) => streams), all: sum((each) => each.all) };
}
