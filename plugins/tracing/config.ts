/** What `tracing()` takes. */
export interface TracingConfig {
  /**
   * The share of traces that begin here and are recorded, 0 to 1; a request that comes with a `traceparent` is recorded when that says so.
   * @default 1, or what OTEL_TRACES_SAMPLER says
   */
  readonly sample?: number | undefined;
  /**
   * Where the collector takes OTLP over HTTP: `/v1/traces` is added where it does not end so.
   * @default OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, else "http://localhost:4318"
   */
  readonly endpoint?: string | undefined;
}
