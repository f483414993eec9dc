import type { Context } from "@opentelemetry/api";
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Counter, Logger, Metrics } from "sluice";

type Done = Parameters<SpanExporter["export"]>[1];

/** Counts the spans that wait for the collector and those that are lost. It wraps the batch processor, and is also between that and the exporter. */
export class Delivery implements SpanProcessor, SpanExporter {
  /** Spans that have ended, and are neither delivered nor lost. */
  #waiting = 0;
  #isFailing = false;
  readonly #exported: Counter;
  readonly #dropped: Readonly<Record<"queue" | "export" | "shutdown", Counter>>;
  #batches: SpanProcessor | undefined;

  /** @param maxWaiting the room of the batch processor, including spans that are being sent */
  constructor(
    private readonly exporter: SpanExporter,
    private readonly maxWaiting: number,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    const dropped = (reason: string): Counter => metrics.counter("sluice_trace_spans_dropped_total", { reason });
    this.#exported = metrics.counter("sluice_trace_spans_exported_total");
    this.#dropped = { queue: dropped("queue"), export: dropped("export"), shutdown: dropped("shutdown") };
  }

  /** @param batch makes the batch processor, which passes its batches to this object */
  through(batch: (exporter: SpanExporter) => SpanProcessor): this {
    this.#batches = batch(this);
    return this;
  }

  onStart(span: Span, parent: Context): void {
    this.#batches?.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#waiting >= this.maxWaiting) {
      this.#dropped.queue.inc();
      return;
    }
    this.#waiting += 1;
    this.#batches?.onEnd(span);
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.exporter.export(spans, (result) => {
      // Spans that a shutdown gave up are counted already.
      const settled = Math.min(spans.length, this.#waiting);
      this.#waiting -= settled;
      // A failure always has an error.
      const failed = result.error !== undefined;
      (failed ? this.#dropped.export : this.#exported).inc(settled);
      this.#tell(failed, result.error);
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.#batches?.forceFlush();
  }

  /** Called from both sides: the batch processor flushes, and then shuts down its exporter, which is this object. */
  async shutdown(): Promise<void> {
    const batches = this.#batches;
    this.#batches = undefined;
    await (batches ?? this.exporter).shutdown();
  }

  /** Stops waiting for the collector. */
  giveUp(): void {
    const lost = this.#waiting;
    this.#waiting = 0;
    if (lost === 0) return;
    this.#dropped.shutdown.inc(lost);
    this.logger.warn({ spans: lost }, "spans were lost: the collector did not take them before the end");
  }

  /** Logs once when delivery begins to fail, and once when it works again. */
  #tell(failed: boolean, error: Error | undefined): void {
    if (failed === this.#isFailing) return;
    this.#isFailing = failed;
    if (failed) this.logger.warn({ err: error }, "the collector takes no spans: they are lost until it does");
    else this.logger.info("the collector takes spans again");
  }
}
