import { Subject } from "rxjs";
import type { ProxyEvent, ResolvedUse, SluiceError } from "../contract/index.ts";
import { teardownPlugins } from "../pipeline/lifecycle.ts";
import type { LivePlugin } from "../pipeline/live-plugin.ts";
import { composePipeline, type Pipeline } from "../pipeline/pipeline.ts";
import type { PluginSite } from "../pipeline/plugin-error.ts";

/** What a live pipeline tells its proxy. */
export interface PipelineReports {
  /** A plugin was bypassed, or its teardown failed. */
  fault(plugin: string, error: SluiceError, context: unknown): void;
}

/**
 * A listener's pipeline in service. It outlives its generation while a reload leaves it unchanged, and its retirement while sessions
 * are on it; its plugins are torn down once both are over.
 */
export class LivePipeline {
  readonly pipeline: Pipeline;
  /** What EVENTS stands for in its plugins: the events of the sessions on it. */
  readonly events: Subject<ProxyEvent>;
  #sessions = 0;
  #retired = false;
  #teardown: Promise<void> | undefined;

  constructor(
    /** The generation that built it. */
    readonly generation: number,
    readonly uses: readonly ResolvedUse[],
    plugins: readonly LivePlugin[],
    events: Subject<ProxyEvent>,
    readonly site: PluginSite,
    private readonly setupTimeout: number,
    private readonly reports: PipelineReports,
  ) {
    this.events = events;
    this.pipeline = composePipeline(plugins, (plugin, error, context) => {
      reports.fault(plugin, error, context);
    });
  }

  acquire(): void {
    this.#sessions += 1;
  }

  release(): void {
    this.#sessions -= 1;
    this.#tearDownWhenFree();
  }

  /** No new session takes it. Resolves when its plugins are torn down. */
  retire(): void {
    this.#retired = true;
    this.#tearDownWhenFree();
  }

  /** Resolves once torn down; at once while it is in service. */
  get gone(): Promise<void> {
    return this.#teardown ?? Promise.resolve();
  }

  #tearDownWhenFree(): void {
    if (!this.#retired || this.#sessions > 0 || this.#teardown !== undefined) return;
    this.#teardown = teardownPlugins(this.pipeline.plugins, this.setupTimeout, this.site, (plugin, error) => {
      this.reports.fault(plugin, error, undefined);
    }).then(() => {
      this.events.complete();
    });
  }
}
