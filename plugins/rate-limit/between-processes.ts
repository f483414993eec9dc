import type { Logger, Metrics, Shared } from "sluice";
import { LeasingStore } from "./leasing-store.ts";

/** What the store is made with. */
interface Parts {
  readonly shared: Shared;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The buckets of one plugin use where several processes serve (`workers`): the first process has them. When it does not answer, each decides
 * alone, at its share of the rate.
 *
 * @param space the plugin use's place
 */
export function storeBetweenProcesses(space: string, maxKeys: number, { shared, ...report }: Parts): LeasingStore {
  const buckets = shared.buckets(`rateLimit ${space}`, maxKeys);
  const decider = {
    connected: Promise.resolve(),
    decide: (key: string, [rate, burst, cost]: readonly [number, number, number]) => buckets.take(key, cost, { rate, burst }),
  };
  // How long it waits, the proxy has bounded already.
  const store = new LeasingStore(decider, { prefix: "", timeout: undefined, onError: "local", share: shared.processes }, maxKeys);
  store.report(report);
  return store;
}
