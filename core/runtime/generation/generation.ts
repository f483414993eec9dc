import { isDeepStrictEqual } from "node:util";
import type { ResolvedConfig, ResolvedListener } from "../../contract/index.ts";
import { createResolver, type NameResolver } from "../../net/names/resolver.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import { ListenerVersion } from "../version/listener-version.ts";
import type { GenerationTools } from "./generation-tools.ts";
import { handBack, inheritAll, type ListenerFilter } from "./inheritance.ts";
import { PipelineBuilder } from "./pipeline-builder.ts";
import { samePipeline } from "./reload-plan.ts";
import { sameGiven } from "./same-given.ts";
import { unansweredWarning } from "./unanswered.ts";
import { unmetNeeds } from "./unmet-needs.ts";
import { unreachedWarnings } from "./unreached.ts";

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
  const own = listeners.flatMap(([listener, { pipeline }]) => {
    const unanswered = unansweredWarning(listener, pipeline);
    return [...(unanswered === undefined ? [] : [unanswered]), ...unreachedWarnings(pipeline.plugins)];
  });
  return [...own, ...unmetNeeds(listeners.map(([listener, { pipeline }]) => [listener, pipeline.plugins]))];
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
  return new ListenerVersion(listener, pipeline, dialers, before);
}
