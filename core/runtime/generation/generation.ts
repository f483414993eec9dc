import { asyncScheduler, Subject, type SchedulerLike } from "rxjs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
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
  type Logger,
  type Metrics,
  type Place,
  type ProxyEvent,
  type ResolvedConfig,
  type ResolvedListener,
  type Shared,
  SluiceError,
  type SocketAddress,
} from "../../contract/index.ts";
import type { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import { createResolver, type NameResolver } from "../../net/names/resolver.ts";
import { transportOf } from "../../net/transports/table.ts";
import { constructPlugin, createContainer } from "../../pipeline/construct.ts";
import { setupPlugins } from "../../pipeline/lifecycle.ts";
import type { MeterOf } from "../../pipeline/pipeline.ts";
import { provide } from "../../pipeline/provide.ts";
import { exchange } from "../session/exchange.ts";
import { datagramsOf } from "../session/relayed.ts";
import { LivePipeline } from "../version/live-pipeline.ts";
import { PipelineTaps } from "../version/pipeline-taps.ts";
import { PipelineTimelines } from "../version/pipeline-timelines.ts";
import { PluginUpstreams } from "../version/plugin-upstreams.ts";
import { handBack, inheritAll, type ListenerFilter } from "./inheritance.ts";
import { samePipeline } from "./reload-plan.ts";
import { ListenerVersion } from "../version/listener-version.ts";
import { unansweredWarning } from "./unanswered.ts";
import { unreachedWarnings } from "./unreached.ts";
import { sameGiven } from "./same-given.ts";
import { Dialers } from "../version/dialers.ts";

/** One loaded config, made live: its pipelines and the dialers of its upstreams. Immutable and numbered. */
export interface Generation {
  readonly number: number;
  readonly config: ResolvedConfig;
  readonly resolver: NameResolver;
  /** Versions by the name of the listener. */
  readonly versions: ReadonlyMap<string, ListenerVersion>;
  /** Warnings about the config and about the pipelines that were built from it. */
  readonly warnings: readonly string[];
}

/** What is needed to build a generation. */
export interface GenerationTools {
  /** The generation's number. */
  readonly number: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly shared: Shared;
  /** Which of several processes this is. */
  readonly worker?: number | undefined;
  /** The state of endpoints, which all generations share. */
  readonly health: HealthBook;
  /** Called when there are new endpoints to check. */
  readonly checksChanged: () => void;
  /** Rebuild every pipeline, changed or not. */
  readonly rebuild: boolean;
  /** The place in the author's own source where an error came from. */
  readonly locate: (error: unknown) => string | undefined;
  /** The address that a listener is bound to, when it is bound. */
  local(listener: string): SocketAddress | undefined;
  /** The address of the admin server, if there is one. */
  admin(): SocketAddress | undefined;
  fault(listener: string, plugin: string, error: SluiceError): void;
  /** The meter that counts what a plugin use does to data. */
  meter(listener: string, ...use: Parameters<MeterOf>): ReturnType<MeterOf>;
}

/** A generation that is ready but not live: commit it, or abandon it. */
export interface Prepared {
  readonly generation: Generation;
  /** Pipelines that were built for it; the others are kept from the previous generation. */
  readonly fresh: readonly LivePipeline[];
  /** Hands over the state of replaced plugins. The last step that may refuse. @throws SLUICE_PLUGIN_SETUP */
  inherit(concerned?: ListenerFilter): void;
  /** Hands the state back to the replaced plugins, for sessions that return to them. */
  handBack(concerned?: ListenerFilter): void;
}

/**
 * Builds a generation: constructs its plugins and runs their `setup`. It changes nothing that is live; if it throws, everything that was set up is
 * torn down again.
 *
 * @throws SLUICE_PLUGIN_CONSTRUCT, SLUICE_PLUGIN_SETUP, SLUICE_CERTIFICATE_INVALID
 */
export async function prepareGeneration(
  config: ResolvedConfig,
  previous: Generation | undefined,
  tools: GenerationTools,
): Promise<Prepared> {
  const { number } = tools;
  const resolver = sameDns(previous, config) ? previous.resolver : createResolver(config.dns, { shared: tools.shared });
  const builder = new PipelineBuilder(config, number, resolver, tools);
  const versions = new Map<string, ListenerVersion>();
  try {
    await builder.provide();
    for (const listener of config.listeners) {
      const kept = tools.rebuild ? undefined : unchanged(listener, config, previous);
      // In sequence: a plugin's setup may need the result of another's.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const own =
        kept === undefined
          ? versionOf(listener, await builder.build(listener), previous?.versions.get(listener.name), builder)
          : continued(kept, listener, previous, builder);
      versions.set(listener.name, own);
    }
  } catch (error) {
    for (const pipeline of builder.built) pipeline.retire();
    throw error;
  }
  const failed: GenerationTools["fault"] = (...fault) => {
    tools.fault(...fault);
  };
  const warnings = [...config.warnings, ...warningsOf([...versions.values()].map((own) => [own.config, own.pipeline]))];
  return {
    generation: { number, config, resolver, versions, warnings },
    fresh: builder.built,
    inherit: (concerned) => inheritAll(versions, previous?.versions, failed, concerned),
    handBack: (concerned) => handBack(versions, previous?.versions, failed, concerned),
  };
}

function warningsOf(listeners: readonly (readonly [ResolvedListener, LivePipeline])[]): string[] {
  return listeners.flatMap(([listener, { pipeline }]) => {
    const unanswered = unansweredWarning(listener, pipeline);
    return [...(unanswered === undefined ? [] : [unanswered]), ...unreachedWarnings(pipeline.plugins)];
  });
}

function sameDns(previous: Generation | undefined, config: ResolvedConfig): previous is Generation {
  return previous !== undefined && isDeepStrictEqual(previous.config.dns, config.dns);
}

/** The previous version of a listener, if its pipeline may stay as it is. */
function unchanged(listener: ResolvedListener, config: ResolvedConfig, previous: Generation | undefined): ListenerVersion | undefined {
  const before = previous?.versions.get(listener.name);
  if (before === undefined || !sameGiven(previous?.config.providers, config.providers)) return undefined;
  return samePipeline(before.config, listener) ? before : undefined;
}

/** A version with the same pipeline. If nothing has changed on the way to the upstream either, the same version. */
function continued(
  before: ListenerVersion,
  listener: ResolvedListener,
  previous: Generation | undefined,
  builder: PipelineBuilder,
): ListenerVersion {
  const { config } = builder;
  const sameWay = sameDns(previous, config) && isDeepStrictEqual([before.config, previous.config.timeouts], [listener, config.timeouts]);
  return sameWay ? before : versionOf(listener, before.pipeline, before, builder);
}

function versionOf(
  listener: ResolvedListener,
  pipeline: LivePipeline,
  before: ListenerVersion | undefined,
  builder: PipelineBuilder,
): ListenerVersion {
  const dialers = pipeline.generation === builder.number ? pipeline.upstreams.dialers : builder.dialersOf(listener, () => pipeline);
  return new ListenerVersion(listener, pipeline, dialers, before?.balancer);
}

function folderOf({ file }: ResolvedConfig): string {
  return file === undefined ? process.cwd() : path.dirname(file);
}

/** Builds the pipelines of one generation in one container. */
class PipelineBuilder {
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
    const { name, address, uses } = listener;
    let live: LivePipeline | undefined;
    const upstreams = new PluginUpstreams(this.dialersOf(listener, () => live));
    const site = { listener: name, file: config.file, locate: tools.locate };
    const events = new Subject<ProxyEvent>();
    const taps = new PipelineTaps();
    const timelines = new PipelineTimelines();
    const { transport } = address;
    const { datagrams, helloFirst } = transportOf(address);
    const plugins = uses.map((use) => {
      const place: Place = {
        listener: name,
        transport,
        datagrams,
        helloFirst,
        plugin: use.name,
        folder: folderOf(config),
        fresh: tools.rebuild,
        worker: tools.worker,
      };
      const bindings = [
        { token: LOGGER, value: tools.logger.child({ listener: name, plugin: use.name }) },
        { token: EVENTS, value: events.asObservable() },
        { token: PLACE, value: place },
        { token: UPSTREAMS, value: upstreams },
        { token: DATAGRAMS, value: datagramsOf(use.name) },
        { token: TAPS, value: taps.for((error) => tools.fault(name, use.name, error)) },
        { token: TIMELINES, value: timelines.for((error) => tools.fault(name, use.name, error)) },
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
}
