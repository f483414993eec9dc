import type { Logger, Metrics, Shared } from "sluice";
import { LeasingStore } from "./leasing-store.ts";

/** The parts that the store needs. */
interface Parts {
  readonly shared: Shared;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The buckets of one plugin use when several processes serve (`workers`). The first process has the buckets. While it does not answer, each process
 * decides alone, with its share of the rate.
 *
 * @param space the name of the plugin use's buckets
 */
export function storeBetweenProcesses(space: string, maxKeys: number, { shared, ...report }: Parts): LeasingStore {
  const buckets = shared.buckets(`rateLimit ${space}`, maxKeys);
  const decider = {
    connected: Promise.resolve(),
    decide: (key: string, [rate, burst, cost]: readonly [number, number, number]) => buckets.take(key, cost, { rate, burst }),
  };
  // No timeout: the proxy bounds the wait itself.
  const store = new LeasingStore(decider, { prefix: "", timeout: undefined, onError: "local", share: shared.processes }, maxKeys);
  store.report(report);
  return store;
}
