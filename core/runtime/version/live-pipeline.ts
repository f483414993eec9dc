import type { Subject } from "rxjs";
import type { ProxyEvent, SluiceError } from "../../contract/index.ts";
import { teardownPlugins } from "../../pipeline/lifecycle.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";
import { composePipeline, type MeterOf, type Pipeline } from "../../pipeline/pipeline.ts";
import type { PluginSite } from "../../pipeline/plugin-error.ts";
import type { PipelineTaps } from "./pipeline-taps.ts";
import type { PipelineTimelines } from "./pipeline-timelines.ts";
import type { PluginUpstreams } from "./plugin-upstreams.ts";

export interface LivePipelineOptions {
  /** The generation that built it. */
  readonly generation: number;
  /** The value of UPSTREAMS for its plugins. */
  readonly upstreams: PluginUpstreams;
  /** The source of the value of TAPS for its plugins. */
  readonly taps: PipelineTaps;
  /** The source of the value of TIMELINES for its plugins. */
  readonly timelines: PipelineTimelines;
  /** The value of EVENTS for its plugins: the events of the sessions on it. */
  readonly events: Subject<ProxyEvent>;
  readonly site: PluginSite;
  readonly meter: MeterOf;
  /** Milliseconds for each plugin's teardown. */
  readonly teardownTimeout: number;
  /** A plugin was bypassed, or its teardown failed. */
  readonly fault: (plugin: string, error: SluiceError) => void;
}

/**
 * The pipeline of a listener's version. It outlives its generation while reloads leave it unchanged. After it is retired it lives until no session is
 * on it; then its plugins are torn down.
 */
export class LivePipeline {
  readonly generation: number;
  readonly site: PluginSite;
  readonly pipeline: Pipeline;
  readonly events: Subject<ProxyEvent>;
  readonly upstreams: PluginUpstreams;
  readonly taps: PipelineTaps;
  readonly timelines: PipelineTimelines;
  #sessions = 0;
  #retired = false;
  #tearingDown = false;
  /** Resolves when its plugins are torn down. */
  readonly gone: Promise<void>;
  #isGone: () => void = () => undefined;

  constructor(
    plugins: readonly LivePlugin[],
    private readonly options: LivePipelineOptions,
  ) {
    this.generation = options.generation;
    this.site = options.site;
    this.events = options.events;
    this.upstreams = options.upstreams;
    this.taps = options.taps;
    this.timelines = options.timelines;
    this.pipeline = composePipeline(plugins, options.fault, options.meter);
    this.gone = new Promise((resolve) => {
      this.#isGone = resolve;
    });
  }

  acquire(): void {
    this.#sessions += 1;
  }

  release(): void {
    this.#sessions -= 1;
    this.#tearDownWhenFree();
  }

  /** From now on no new session uses it. */
  retire(): void {
    this.#retired = true;
    this.#tearDownWhenFree();
  }

  #tearDownWhenFree(): void {
    if (!this.#retired || this.#sessions > 0 || this.#tearingDown) return;
    this.#tearingDown = true;
    void teardownPlugins(this.pipeline.plugins, this.options.teardownTimeout, this.site, this.options.fault).then(() => {
      this.events.complete();
      this.#isGone();
    });
  }
}
