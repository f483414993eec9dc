import type { Counter, Metrics } from "../../contract/index.ts";

/** Makes the proxy's counters: plain fields, because they stand on the data path. */
export function createMetrics(): Metrics {
  const counters = new Map<string, PlainCounter>();
  return {
    counter: (name) => {
      const known = counters.get(name) ?? new PlainCounter();
      counters.set(name, known);
      return known;
    },
    snapshot: () => Object.fromEntries([...counters].map(([name, { value }]) => [name, value])),
  };
}

class PlainCounter implements Counter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}
