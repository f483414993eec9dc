import type { Proxy } from "../../runtime/proxy/proxy.ts";

/** One line of an exposition. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Set if it differs from the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly metricName?: string;
}

/** A metric with all its series. Labels come only from the config: never from a client, a server name, a host or a path. */
export interface Family {
  /** `sluice_…`, in base units; `_total` at the end if it only grows. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** How the values of several processes become one. @default "sum" */
  readonly among?: "sum" | "max" | "min" | undefined;
  /** Reads the values from plain fields. Called when somebody asks for the metrics. */
  read(proxy: Proxy): Iterable<Sample>;
}
