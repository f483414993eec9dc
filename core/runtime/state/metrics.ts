import { SluiceError, type Counter, type Gauge, type MetricLabels, type Metrics, type MetricSeries } from "../../contract/index.ts";

const mostSeries = 1_000;

/** Counts the series that were refused because there are too many. */
const refused = "sluice_plugin_series_refused_total";

/** Makes the proxy's counters and gauges: plain fields, since they are used on the data path. */
export function createMetrics(): Metrics {
  return new PlainMetrics();
}

class PlainMetrics implements Metrics {
  readonly #series = new Map<string, Series>();
  /** By name: a metric's type and labels do not change. */
  readonly #kinds = new Map<string, string>();

  counter(name: string, labels: MetricLabels = {}): Counter {
    return this.#of(name, "counter", labels);
  }

  gauge(name: string, labels: MetricLabels = {}): Gauge {
    return this.#of(name, "gauge", labels);
  }

  series(): readonly MetricSeries[] {
    return [...this.#series.values()];
  }

  snapshot(): Record<string, number> {
    const counters = [...this.#series].filter(([, { type }]) => type === "counter");
    return Object.fromEntries(counters.map(([key, { value }]) => [key, value]));
  }

  #of(name: string, type: Series["type"], labels: MetricLabels): Series {
    const entries = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = keyOf(name, entries);
    const known = this.#series.get(key);
    if (known?.type === type) return known;
    this.#check(name, type, entries);
    const made = new Series(name, type, Object.fromEntries(entries));
    if (name !== refused && this.#series.size >= mostSeries) this.counter(refused).inc();
    else this.#series.set(key, made);
    return made;
  }

  #check(name: string, type: string, labels: readonly (readonly [string, string])[]): void {
    if (!/^[a-z_:][\w:]*$/i.test(name)) throw wrong(`"${name}" is no name of a metric: letters, digits, _ and : (orders_total)`);
    for (const [label] of labels)
      if (!/^(?!__|le$)[a-z_]\w*$/i.test(label)) throw wrong(`"${label}" is no label: letters, digits and _, not le, and no __ in front`);
    const kind = `${type} with ${labels.length === 0 ? "no labels" : `the labels ${labels.map(([label]) => label).join(", ")}`}`;
    const before = this.#kinds.get(name) ?? kind;
    if (before !== kind) throw wrong(`${name} is a ${before}, not a ${kind}`);
    this.#kinds.set(name, kind);
  }
}

function wrong(detail: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_ARGUMENT", detail);
}

/** The key of a series, in the form in which the exposition writes it. */
function keyOf(name: string, labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return name;
  return `${name}{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",")}}`;
}

class Series implements Gauge, MetricSeries {
  value = 0;

  constructor(
    readonly name: string,
    readonly type: "counter" | "gauge",
    readonly labels: MetricLabels,
  ) {}

  inc(by = 1): void {
    this.value += by;
  }

  dec(by = 1): void {
    this.value -= by;
  }

  set(value: number): void {
    this.value = value;
  }
}
