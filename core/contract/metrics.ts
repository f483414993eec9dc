/** A number that only grows. */
export interface Counter {
  readonly value: number;
  inc(by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  readonly value: number;
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
}

/**
 * What tells the series of one metric apart: `{ kind: "new" }`. Few values, known beforehand: never a client, a server name, a host or a path,
 * since each combination is a series that lives as long as the proxy.
 */
export type MetricLabels = Readonly<Record<string, string>>;

/** One number of a metric. */
export interface MetricSeries {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly labels: MetricLabels;
  readonly value: number;
}

/**
 * What a plugin counts, by name (`orders_total`), for `sluice status` and `/metrics`. Asking twice gives the same one; ask once and keep it, since
 * asking looks it up. A name has one type and one set of labels. 1,000 series at most for all plugins: others count for nobody, and
 * `sluice_plugin_series_refused_total` says how many.
 * @throws SLUICE_PLUGIN_ARGUMENT for a name or label that Prometheus does not take, another type, or other labels than before
 */
export interface Metrics {
  counter(name: string, labels?: MetricLabels): Counter;
  gauge(name: string, labels?: MetricLabels): Gauge;
  /** All numbers, in the order in which they were asked for first. */
  series(): readonly MetricSeries[];
  /** Every counter's value by `name` or `name{label="value"}`, for `sluice status`. */
  snapshot(): Record<string, number>;
}
