/** The options of `tracing()`. */
export interface TracingConfig {
  /**
   * The share of the traces that begin here which are recorded, 0 to 1. For a request with a `traceparent`, that header decides.
   * @default 1, or according to OTEL_TRACES_SAMPLER
   */
  readonly sample?: number | undefined;
  /**
   * The URL at which the collector accepts OTLP over HTTP: `/v1/traces` is added if it does not end with that.
   * @default OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, else "http://localhost:4318"
   */
  readonly endpoint?: string | undefined;
}
