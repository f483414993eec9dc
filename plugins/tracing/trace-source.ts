import type { Context, Span, SpanOptions, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { BasicTracerProvider, ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { HttpHeaders, Logger, Metrics } from "sluice";
import { setTimeout as delay } from "node:timers/promises";
import { Delivery } from "./delivery.ts";
import type { Environment } from "./environment.ts";
import type { TracingOptions } from "./options.ts";
import type { OpenTelemetry } from "./packages.ts";

/** How long the last spans may take. */
const FLUSH_MS = 2_000;

export interface TraceSourceParts extends Environment {
  readonly otel: OpenTelemetry;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Those that are open, of each proxy, by their options: uses that want the same, and those of the next generation, share one. */
const open = new WeakMap<Metrics, Map<string, TraceSource>>();
/** Those that deliver their last spans. */
const closing = new Set<Promise<void>>();

/** Makes spans, and delivers them in the background. It lives as long as the last use or the last span of a session. */
export class TraceSource {
  #holders = 0;
  readonly api: OpenTelemetry["api"];
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  readonly #delivery: Delivery;
  readonly #propagator: TextMapPropagator | undefined;

  private constructor(
    { sample, endpoint }: TracingOptions,
    { otel, maxWaiting, maxValue, delayMs, propagates, logger, metrics }: TraceSourceParts,
    private readonly closed: () => void,
  ) {
    const { api, core, resources, sdk, exporter } = otel;
    const { ParentBasedSampler, TraceIdRatioBasedSampler, BasicTracerProvider, BatchSpanProcessor } = sdk;
    this.api = api;
    const otlp = new exporter.OTLPTraceExporter(endpoint === undefined ? {} : { url: endpoint }) as SpanExporter;
    this.#delivery = new Delivery(otlp, maxWaiting, logger, metrics).through(
      (own) => new BatchSpanProcessor(own, { scheduledDelayMillis: delayMs }),
    );
    this.#provider = new BasicTracerProvider({
      resource: resourceOf(resources),
      spanProcessors: [this.#delivery],
      spanLimits: { attributeValueLengthLimit: maxValue },
      ...(sample === undefined ? {} : { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }) }),
    });
    this.#tracer = this.#provider.getTracer("sluice");
    this.#propagator = propagates ? new core.W3CTraceContextPropagator() : undefined;
  }

  static acquire(options: TracingOptions, parts: TraceSourceParts): TraceSource {
    const { metrics } = parts;
    const own = open.get(metrics) ?? new Map<string, TraceSource>();
    open.set(metrics, own);
    const key = JSON.stringify([options.endpoint, options.sample]);
    const source = own.get(key) ?? new TraceSource(options, parts, () => own.delete(key));
    own.set(key, source);
    source.hold();
    return source;
  }

  hold(): void {
    this.#holders += 1;
  }

  /** The last one to let go delivers what there is. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.closed();
    const last = this.#close().finally(() => closing.delete(last));
    closing.add(last);
  }

  /** Settles when those that are closing have delivered their spans, or have given up. */
  static async allClosed(): Promise<void> {
    await Promise.all(closing);
  }

  start(name: string, options: SpanOptions, parent: Context = this.api.ROOT_CONTEXT): Span {
    return this.#tracer.startSpan(name, options, parent);
  }

  /** What contains the span, for its children. */
  within(span: Span): Context {
    return this.api.trace.setSpan(this.api.ROOT_CONTEXT, span);
  }

  /** What `traceparent` says. */
  extract(headers: HttpHeaders): Context {
    return this.#propagator?.extract(this.api.ROOT_CONTEXT, headers, this.api.defaultTextMapGetter) ?? this.api.ROOT_CONTEXT;
  }

  /** Says in `traceparent` that the span is the parent. */
  inject(span: Span, headers: HttpHeaders): void {
    if (this.#propagator === undefined) return;
    // It belongs to the trace that the client's traceparent names, which may be none.
    delete headers["tracestate"];
    this.#propagator.inject(this.within(span), headers, this.api.defaultTextMapSetter);
  }

  async #close(): Promise<void> {
    const stop = new AbortController();
    const late = delay(FLUSH_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);
    stop.abort();
    this.#delivery.giveUp();
  }
}

/** The variables go first. */
function resourceOf({
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
}: OpenTelemetry["resources"]): ReadableSpan["resource"] {
  const own = resourceFromAttributes({ "service.name": "sluice", "process.pid": process.pid });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}
