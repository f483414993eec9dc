import type { Proxy } from "../../runtime/proxy/proxy.ts";

/** One line of an exposition. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Where it differs from the family's: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly metricName?: string;
}

/** A metric with all its series. Labels come from the config only: never a client, a server name, a host, a path. */
export interface Family {
  /** `sluice_…`, in base units; `_total` for what only grows. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** How the values of several processes are one. @default "sum" */
  readonly among?: "sum" | "max" | "min" | undefined;
  /** Reads it from plain fields, when somebody asks for it. */
  read(proxy: Proxy): Iterable<Sample>;
}
