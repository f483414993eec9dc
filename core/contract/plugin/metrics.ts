/** A number that only grows. */
export interface Counter {
  /** What was counted so far. */
  readonly value: number;
  /** Counts one, or `by`. */
  inc(by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  /** What it shows now. */
  readonly value: number;
  set(value: number): void;
  /** Adds one, or `by`. */
  inc(by?: number): void;
  /** Subtracts one, or `by`. */
  dec(by?: number): void;
}

/**
 * Labels that distinguish the series of one metric: `{ kind: "new" }`. Use few values that are known in advance: never a client, a server name,
 * a host or a path, since each combination is a series that lives as long as the proxy.
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
 * A plugin's counters and gauges, by name (`orders_total`), for `sluice status` and `/metrics`. The same name and labels return the same object;
 * get it once and keep it, since each call is a look-up. A name has one type and one set of labels. All plugins together have at most 1,000
 * series: further ones are not shown, and `sluice_plugin_series_refused_total` counts them.
 * @throws SLUICE_PLUGIN_ARGUMENT for a name or label that Prometheus does not take, another type, or other labels than before
 */
export interface Metrics {
  /** The counter of this name with these labels: `counter("orders_total", { kind: "new" })`. */
  counter(name: string, labels?: MetricLabels): Counter;
  /** The gauge of this name with these labels: `gauge("orders_open")`. */
  gauge(name: string, labels?: MetricLabels): Gauge;
  /** All series, in the order in which they were first asked for. */
  series(): readonly MetricSeries[];
  /** Every counter's value by `name` or `name{label="value"}`, for `sluice status`. */
  snapshot(): Record<string, number>;
}
