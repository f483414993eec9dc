import { asyncScheduler, Subject, type SchedulerLike } from "rxjs";
import path from "node:path";
import {
  CLOCK,
  DATAGRAMS,
  EVENTS,
  EXCHANGE,
  LOGGER,
  METRICS,
  PLACE,
  RESOLVER,
  SHARED,
  TAPS,
  TIMELINES,
  UPSTREAMS,
  type Place,
  type ProxyEvent,
  type ResolvedConfig,
  type ResolvedListener,
  type SluiceError,
} from "../../contract/index.ts";
import type { NameResolver } from "../../net/names/resolver.ts";
import { transportOf } from "../../net/transports/table.ts";
import { constructPlugin, createContainer } from "../../pipeline/construct.ts";
import { setupPlugins } from "../../pipeline/lifecycle.ts";
import { provide } from "../../pipeline/provide.ts";
import { exchange } from "../session/exchange.ts";
import { datagramsOf } from "../session/relayed.ts";
import { Dialers } from "../version/dialers.ts";
import { LivePipeline } from "../version/live-pipeline.ts";
import { PipelineTaps } from "../version/pipeline-taps.ts";
import { PipelineTimelines } from "../version/pipeline-timelines.ts";
import { PluginUpstreams } from "../version/plugin-upstreams.ts";
import type { GenerationTools } from "./generation-tools.ts";

/** Builds the pipelines of one generation in one container. */
export class PipelineBuilder {
  readonly built: LivePipeline[] = [];
  readonly #container;

  constructor(
    readonly config: ResolvedConfig,
    readonly number: number,
    readonly resolver: NameResolver,
    readonly tools: GenerationTools,
  ) {
    const bindings = [
      { token: CLOCK, value: asyncScheduler },
      { token: METRICS, value: tools.metrics },
      { token: RESOLVER, value: resolver },
      { token: SHARED, value: tools.shared },
      { token: EXCHANGE, value: exchange },
    ];
    this.#container = createContainer(bindings);
  }

  /** Runs the config's providers, before any plugin is constructed. */
  provide(): Promise<void> {
    const { providers, timeouts, file } = this.config;
    return provide(this.#container, providers, timeouts.setup, { file, locate: this.tools.locate });
  }

  async build(listener: ResolvedListener): Promise<LivePipeline> {
    const pipeline = this.construct(listener);
    this.built.push(pipeline);
    await setupPlugins(pipeline.pipeline.plugins, this.config.timeouts.setup, pipeline.site);
    return pipeline;
  }

  /** @param pipeline called later, since the dialers are made before the pipeline: its plugins get them when they are constructed */
  dialersOf(listener: ResolvedListener, pipeline: () => LivePipeline | undefined): Dialers {
    const { config, resolver, tools } = this;
    return new Dialers(listener, () => pipeline()?.pipeline.resolve, {
      resolver,
      rebuild: tools.rebuild,
      health: tools.health,
      checksChanged: tools.checksChanged,
      clock: this.#container.resolve<SchedulerLike>(CLOCK),
      timeouts: config.timeouts,
      folder: folderOf(config),
      file: config.file,
      warn: (message) => {
        tools.logger.warn(message);
      },
      local: () => tools.local(listener.name),
      admin: () => tools.admin(),
    });
  }

  construct(listener: ResolvedListener): LivePipeline {
    const { config, tools } = this;
    const { name, uses } = listener;
    let live: LivePipeline | undefined;
    const upstreams = new PluginUpstreams(this.dialersOf(listener, () => live));
    const site = { listener: name, file: config.file, locate: tools.locate };
    const events = new Subject<ProxyEvent>();
    const taps = new PipelineTaps();
    const timelines = new PipelineTimelines();
    const plugins = uses.map((use) => {
      const fault = (error: SluiceError): void => tools.fault(name, use.name, error);
      const bindings = [
        { token: LOGGER, value: tools.logger.child({ listener: name, plugin: use.name }) },
        { token: EVENTS, value: events.asObservable() },
        { token: PLACE, value: this.#placeOf(use.name, listener) },
        { token: UPSTREAMS, value: upstreams },
        { token: DATAGRAMS, value: datagramsOf(use.name) },
        { token: TAPS, value: taps.for(fault) },
        { token: TIMELINES, value: timelines.for(fault) },
      ];
      return constructPlugin(this.#container, use, bindings, site);
    });
    live = new LivePipeline(plugins, {
      generation: this.number,
      upstreams,
      taps,
      timelines,
      events,
      site,
      meter: (plugin, direction) => tools.meter(name, plugin, direction),
      teardownTimeout: config.timeouts.setup,
      fault: (plugin, error) => {
        tools.fault(name, plugin, error);
      },
    });
    return live;
  }

  #placeOf(plugin: string, { name, address }: ResolvedListener): Place {
    const { datagrams, helloFirst } = transportOf(address);
    const { rebuild, worker } = this.tools;
    const folder = folderOf(this.config);
    return { listener: name, transport: address.transport, datagrams, helloFirst, plugin, folder, fresh: rebuild, worker };
  }
}

function folderOf({ file }: ResolvedConfig): string {
  return file === undefined ? process.cwd() : path.dirname(file);
}
