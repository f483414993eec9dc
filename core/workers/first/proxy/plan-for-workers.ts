import type { ResolvedConfig } from "../../../contract/index.ts";
import { planReload, type ReloadPlan, type RunningListener } from "../../../runtime/generation/reload-plan.ts";
import type { Steering } from "../../../runtime/proxy/steering.ts";
import type { Addresses } from "../../wire/calls.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/** What runs in the workers. */
export interface RunningWorkers {
  readonly steering: Steering;
  /** The addresses of the listeners. */
  readonly addresses: Addresses;
  readonly workers: { readonly serving: readonly WorkerProcess[] };
}

/** Returns what applying a config would do in all workers. */
export async function planFor(
  { steering, addresses, workers }: RunningWorkers,
  next: ResolvedConfig,
  rebuild: boolean,
): Promise<ReloadPlan> {
  const counts = await Promise.allSettled(workers.serving.map((worker) => worker.channel.call("sessions")));
  const told = counts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const running = new Map<string, RunningListener>();
  for (const config of steering.config?.listeners ?? []) {
    const { name, address } = config;
    const local = addresses.get(name);
    if (local === undefined) continue;
    const bound = address.path === undefined ? { ...address, host: local.address, port: local.port } : address;
    running.set(name, { config, bound, sessions: told.reduce((sum, each) => sum + (each.get(name) ?? 0), 0) });
  }
  return planReload(running, next.listeners, rebuild);
}
