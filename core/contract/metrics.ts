/** A number that only grows. */
export interface Counter {
  readonly value: number;
  inc(by?: number): void;
}

/** The proxy's counters, by name (`sluice_sessions_total`); asking twice gives the same one. */
export interface Metrics {
  counter(name: string): Counter;
  /** Every counter's value, for `sluice status`. */
  snapshot(): Record<string, number>;
}
