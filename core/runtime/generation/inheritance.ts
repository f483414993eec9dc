import type { SluiceError } from "../../contract/index.ts";
import { inheritState } from "../../pipeline/lifecycle.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

type Versions = ReadonlyMap<string, ListenerVersion>;

/** Called when an `inherit` has failed. */
type Failed = (listener: string, plugin: string, error: SluiceError) => void;

/** Decides which listeners are included. */
export type ListenerFilter = (listener: string) => boolean;

const everywhere: ListenerFilter = () => true;

/** The rebuilt pipelines, each with the pipeline that it replaces. */
function rebuilt(next: Versions, before: Versions, concerned: ListenerFilter) {
  return [...next].flatMap(([name, { pipeline }]) => {
    const old = before.get(name)?.pipeline;
    return old === undefined || old === pipeline || !concerned(name) ? [] : [{ name, pipeline, old }];
  });
}

/** Lets each rebuilt pipeline take over the state of the one that it replaces. @throws SLUICE_PLUGIN_SETUP */
export function inheritAll(next: Versions, before: Versions | undefined, failed: Failed, concerned = everywhere): void {
  for (const { name, pipeline, old } of rebuilt(next, before ?? new Map(), concerned))
    inheritState(pipeline.pipeline.plugins, byName(old), pipeline.site, (plugin, error) => {
      failed(name, plugin, error);
    });
}

/** Hands state back to the replaced pipelines, for sessions that return. A plugin that fails is reported, and stops nothing. */
export function handBack(next: Versions, before: Versions | undefined, failed: Failed, concerned = everywhere): void {
  for (const { name, pipeline, old } of rebuilt(next, before ?? new Map(), concerned)) {
    const givers = byName(pipeline);
    for (const own of old.pipeline.plugins)
      try {
        inheritState([own], givers, old.site, (plugin, error) => {
          failed(name, plugin, error);
        });
      } catch (error) {
        failed(name, own.use.name, error as SluiceError);
      }
  }
}

/** Names are unique in a listener. */
function byName({ pipeline: { plugins } }: ListenerVersion["pipeline"]): ReadonlyMap<string, LivePlugin> {
  return new Map(plugins.map((plugin) => [plugin.use.name, plugin]));
}
