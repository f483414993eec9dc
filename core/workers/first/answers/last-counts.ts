import type { Measured } from "../../../admin/metrics/measured.ts";
import { keyOf, mergedFamilies } from "./merged-metrics.ts";

type Counted = readonly Measured[];

/** What is asked for its counts. */
export interface CountingWorker {
  readonly isGone: boolean;
}

/**
 * What workers counted that answer no more, or not this time, as they told it last. To whoever scrapes it, a counter that falls is a restart, and
 * what the other workers have counted would be counted once more.
 */
export class LastCounts {
  readonly #last = new Map<CountingWorker, Counted>();
  /** The sum of workers that are gone. */
  #gone: Counted = [];

  /** @param answers of the workers that have answered. @returns what all others had counted */
  besides(answers: ReadonlyMap<CountingWorker, Counted>): Counted {
    // Nobody serves: there is nothing that it could be added to.
    if (answers.size === 0) return [];
    const silent = [...this.#last].filter(([worker]) => !answers.has(worker));
    for (const [worker, measured] of answers) this.#last.set(worker, measured.filter(onlyGrows));
    const gone = silent.filter(([worker]) => worker.isGone);
    for (const [worker] of gone) this.#last.delete(worker);
    if (gone.length > 0)
      this.#gone = onlyKnown(mergedFamilies([this.#gone, ...gone.map(([, measured]) => measured)]), [...answers.values()].flat());
    return mergedFamilies([this.#gone, ...silent.filter(([worker]) => !worker.isGone).map(([, measured]) => measured)]);
  }
}

const onlyGrows = ({ type, among = "sum" }: Measured): boolean => type !== "gauge" && among === "sum";

/** Without the series that a reload has ended meanwhile. */
function onlyKnown(all: Counted, known: Counted): Counted {
  const keys = new Set(known.flatMap(({ name, values }) => values.map((sample) => name + keyOf(sample))));
  return all.map((family) => ({ ...family, values: family.values.filter((sample) => keys.has(family.name + keyOf(sample))) }));
}
