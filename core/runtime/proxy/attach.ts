import { asyncScheduler, filter } from "rxjs";
import { checkUses, nameUses } from "../../config/check/resolve-uses.ts";
import type { Problem } from "../../contract/options/describe-issues.ts";
import {
  CLOCK,
  EVENTS,
  LOGGER,
  METRICS,
  PLACE,
  SluiceError,
  TAPS,
  type Place,
  type Plugin,
  type PluginUse,
  type ResolvedUse,
} from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";
import { constructPlugin, createContainer, type Binding } from "../../pipeline/construct.ts";
import { setupPlugins, teardownPlugins } from "../../pipeline/lifecycle.ts";
import type { Listener } from "../listener/listener.ts";
import { placeOfAuthor } from "../log/author-place.ts";
import { PipelineTaps, type TapWatcher, type WireWatcher } from "../version/pipeline-taps.ts";
import type { AttachedPlugin } from "../version/attached-plugins.ts";
import type { ProxyParts } from "./proxy-status.ts";

/** The plugin that is to watch, and the sessions to watch. */
export interface AttachOptions {
  /** A plugin that only watches, through TAPS; its byte hooks are not called. */
  readonly use: PluginUse;
  readonly listener: Listener;
  /** The id of the one session that it watches. @default all sessions of the listener, also later ones */
  readonly session?: number | undefined;
  /** The folder in which its relative paths start. */
  readonly folder: string;
}

/** A plugin that watches a listener without being in its pipeline. */
export interface Attachment {
  readonly plugin: Plugin;
  /** The plugin sees nothing more from now on. Resolves when it is torn down. May be called several times. */
  detach(): Promise<void>;
}

/**
 * Lets a plugin watch the sessions of a running listener (open ones from their next chunk), until it is detached or the proxy closes. The plugin is
 * in no pipeline: nothing is reloaded, so no hook is called again, and every other plugin keeps its state.
 *
 * @throws SLUICE_CONFIG_INVALID for invalid options; SLUICE_PLUGIN_CONSTRUCT, SLUICE_PLUGIN_SETUP, or the error that its setup throws
 */
export async function attach(parts: ProxyParts, { use, listener, session, folder }: AttachOptions): Promise<Attachment> {
  const { state } = parts;
  const resolved = resolvedUse(use);
  const taps = new PipelineTaps();
  const site = { listener: listener.name, file: undefined, locate: placeOfAuthor };
  const fault = (error: SluiceError): void => state.fault(listener.name, resolved.name, error, undefined);
  const bindings = bindingsOf(parts, { listener, plugin: resolved.name, folder });
  const container = createContainer([...bindings, { token: TAPS, value: taps.for(fault) }]);
  const live = constructPlugin(container, resolved, [], site);
  const teardown = (): Promise<void> => teardownPlugins([live], state.timeouts.setup, site, (_plugin, error) => fault(error));
  try {
    await setupPlugins([live], state.timeouts.setup, site);
  } catch (error) {
    await teardown();
    throw error;
  }
  const changed = (): void => {
    for (const sessions of [state.sessions, state.flows])
      for (const each of sessions) if (each.listener === listener.name) each.watchersChanged();
  };
  let detaching: Promise<void> | undefined;
  const attached: AttachedPlugin = {
    listener: listener.name,
    watchers: {
      flows: session === undefined ? taps.watchers : taps.watchers.map((watcher) => ofOne(watcher, session)),
      // One session that is open may have a handshake before it: that with its upstream.
      wires: session === undefined ? taps.wires : taps.wires.map((watcher) => wiresOfOne(watcher, session)),
    },
    detach: () => {
      if (detaching !== undefined) return detaching;
      state.attached.delete(attached);
      changed();
      detaching = teardown();
      return detaching;
    },
  };
  state.attached.add(attached);
  changed();
  return { plugin: live.plugin, detach: () => attached.detach() };
}

function ofOne({ begin, report }: TapWatcher, session: number): TapWatcher {
  return { report, begin: (flow) => (flow.session.id === session ? begin(flow) : undefined) };
}

function wiresOfOne({ begin, report }: WireWatcher, session: number): WireWatcher {
  return { report, begin: (wire) => (wire.session.id === session ? begin(wire) : undefined) };
}

/** @throws SLUICE_CONFIG_INVALID */
function resolvedUse(use: PluginUse): ResolvedUse {
  const problems: Problem[] = [];
  const [resolved] = nameUses(checkUses([use], [], problems), problems);
  if (resolved !== undefined && problems.length === 0) return { ...resolved, path: resolved.name };
  const told = problems.map(({ path, message }) => `${path.replace(/^\[0\]\.?/, "")}: ${message}`);
  throw new SluiceError("SLUICE_CONFIG_INVALID", `${use.id}(): ${told.join("; ")}`);
}

function bindingsOf(
  { state, metrics, logger }: ProxyParts,
  { listener, plugin, folder }: { readonly listener: Listener; readonly plugin: string; readonly folder: string },
): Binding[] {
  const { name, transport } = listener;
  const { datagrams, helloFirst } = transportOf(listener.version.config.address);
  const place: Place = { listener: name, transport, datagrams, helloFirst, plugin, folder, worker: state.worker };
  return [
    { token: CLOCK, value: asyncScheduler },
    { token: METRICS, value: metrics },
    { token: LOGGER, value: logger.child({ listener: name, plugin }) },
    { token: PLACE, value: place },
    { token: EVENTS, value: state.hub.all.pipe(filter((event) => "listener" in event && event.listener === name)) },
  ];
}
