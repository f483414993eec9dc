import type { Context, Span, SpanOptions, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { BasicTracerProvider, ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { HttpHeaders, Logger, Metrics } from "sluice";
import { setTimeout as delay } from "node:timers/promises";
import { Delivery } from "./delivery.ts";
import type { Environment } from "./environment.ts";
import type { TracingOptions } from "./options.ts";
import type { OpenTelemetry } from "./packages.ts";

/** Milliseconds for the delivery of the last spans. */
const FLUSH_MS = 2_000;

export interface TraceSourceParts extends Environment {
  readonly otel: OpenTelemetry;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The open sources of each proxy, by their options: uses with the same options share one, also over reloads. */
const open = new WeakMap<Metrics, Map<string, TraceSource>>();
/** The sources that are delivering their last spans. */
const closing = new Set<Promise<void>>();

/** Makes spans and delivers them in the background. It is open until its last use and its last session span have ended. */
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

  /** Ends one use; the last release delivers the remaining spans. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.closed();
    const last = this.#close().finally(() => closing.delete(last));
    closing.add(last);
  }

  /** Settles when all closing sources have delivered their spans or given up. */
  static async allClosed(): Promise<void> {
    await Promise.all(closing);
  }

  start(name: string, options: SpanOptions, parent: Context = this.api.ROOT_CONTEXT): Span {
    return this.#tracer.startSpan(name, options, parent);
  }

  /** A context with the span, for its children. */
  within(span: Span): Context {
    return this.api.trace.setSpan(this.api.ROOT_CONTEXT, span);
  }

  /** The context from the header `traceparent`. */
  extract(headers: HttpHeaders): Context {
    return this.#propagator?.extract(this.api.ROOT_CONTEXT, headers, this.api.defaultTextMapGetter) ?? this.api.ROOT_CONTEXT;
  }

  /** Sets the header `traceparent`, with the span as the parent. */
  inject(span: Span, headers: HttpHeaders): void {
    if (this.#propagator === undefined) return;
    // The client's tracestate belongs to the client's trace, which may be another one.
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

/** The resource of all spans; the environment variables take precedence. */
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
