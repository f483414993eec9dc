import { definePlugin, LOGGER, METRICS, PLACE, TIMELINES } from "sluice";
import type { HttpRequest, HttpResponse, Inject, Logger, Metrics, Place, Plugin, PluginFactory, Timelines } from "sluice";
import type { Observable } from "rxjs";
import type { TracingConfig } from "./config.ts";
import { readEnvironment, refuseUnusable } from "./environment.ts";
import { optionsSchema, type TracingOptions } from "./options.ts";
import { loadOpenTelemetry } from "./packages.ts";
import { RequestSpan } from "./request-span.ts";
import { SessionSpan } from "./session-span.ts";
import { TraceSource } from "./trace-source.ts";

interface TracingParts {
  readonly place: Place;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly timelines: Timelines;
}

/** Sends a span of every session, or of every HTTP request, to an OpenTelemetry collector. It has no byte hook, so that bytes cost nothing. */
class Tracing implements Plugin {
  readonly borrows = true;
  /** Undefined before `setup`, and when the environment variables switch tracing off. */
  #source: TraceSource | undefined;
  /** The requests that have a span: with a plugin before this one that tries again, the hook is called for each try. */
  readonly #known = new WeakSet<HttpRequest>();

  constructor(
    private readonly options: TracingOptions,
    private readonly parts: TracingParts,
  ) {}

  async setup(): Promise<void> {
    const environment = readEnvironment();
    if (environment.isDisabled) return;
    refuseUnusable(this.options);
    const { place, logger, metrics, timelines } = this.parts;
    const otel = await loadOpenTelemetry(environment.protocol);
    const source = TraceSource.acquire(this.options, { ...environment, otel, logger, metrics });
    this.#source = source;
    timelines.follow((session) => SessionSpan.follow(session, place.plugin, source));
  }

  async teardown(): Promise<void> {
    this.#source?.release();
    this.#source = undefined;
    await TraceSource.allClosed();
  }

  exchange(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse> {
    const source = this.#source;
    if (source === undefined || this.#known.has(request)) return attempt;
    this.#known.add(request);
    RequestSpan.follow(request, source, SessionSpan.of(request.session, this.parts.place.plugin));
    return attempt;
  }
}

/**
 * OpenTelemetry traces: a span for each session or HTTP request, with a child for each try to reach an upstream, sent to a collector by OTLP.
 * It needs the packages of OpenTelemetry.
 *
 * @example plugins: [tracing({ sample: 0.1, endpoint: "http://localhost:4318" })]
 */
export const tracing: PluginFactory<TracingConfig> = definePlugin(
  "tracing",
  (options: TracingOptions, inject: Inject) =>
    new Tracing(options, { place: inject(PLACE), logger: inject(LOGGER), metrics: inject(METRICS), timelines: inject(TIMELINES) }),
  optionsSchema,
);
