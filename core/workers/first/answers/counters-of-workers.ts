import type { Measured } from "../../../admin/metrics/measured.ts";
import { LastCounts, type CountingWorker } from "./last-counts.ts";
import { mergedFamilies } from "./merged-metrics.ts";

type Counters = Readonly<Record<string, number>>;

/** The counters of `status`, of all workers as of one proxy: they do not fall when a worker dies. */
export class CountersOfWorkers {
  readonly #last = new LastCounts();

  /**
   * @param workers those that have answered
   * @param counted by each of them
   * @returns the sums, with what all others had counted when they answered last
   */
  sums(workers: readonly CountingWorker[], counted: readonly Counters[]): Counters {
    const measured = new Map(workers.map((worker, index) => [worker, [measuredOf(counted[index] ?? {})]]));
    const past = this.#last.besides(measured);
    const values = mergedFamilies([...measured.values(), past]).flatMap((family) => family.values);
    return Object.fromEntries(values.map(({ metricName = "", value }) => [metricName, value]));
  }
}

/** The counters as one metric. Their names have their labels already, so each name is a series. */
function measuredOf(counters: Counters): Measured {
  const values = Object.entries(counters).map(([metricName, value]) => ({ metricName, value }));
  return { name: "counters", type: "counter", help: "", labels: [], values };
}
