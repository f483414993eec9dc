import type { SessionPage } from "../../../admin/sessions/session-book.ts";
import type { ListenerView, PluginView } from "../../../admin/views/listener-view.ts";
import type { PluginTraffic } from "../../../admin/views/traffic.ts";
import { SluiceError, type TrialView } from "../../../contract/index.ts";
import type { ListenerStatus, ProxyStatus } from "../../../runtime/proxy/proxy-status.ts";
import type { EndpointStatus } from "../../../runtime/state/endpoint-book.ts";
import type { ProxyOfWorkers } from "../proxy/proxy-of-workers.ts";
import type { CountersOfWorkers } from "./counters-of-workers.ts";
import type { CountingWorker } from "./last-counts.ts";

export type Answers = readonly PromiseSettledResult<unknown>[];

interface About {
  readonly proxy: ProxyOfWorkers;
  readonly input: Readonly<Record<string, unknown>>;
  /** The worker of each answer. */
  readonly workers: readonly CountingWorker[];
  readonly counters: CountersOfWorkers;
}

/** For each operation that is merged: a function that makes one answer of the answers of all workers. */
export const merges: Readonly<Record<string, ((all: readonly unknown[], about: About) => unknown) | undefined>> = {
  status: async (all, about) => mergedStatus(all as ProxyStatus[], about, await about.proxy.trial()),
  upstreams: (all) => ({ upstreams: mergedEndpoints((all as Pick<ProxyStatus, "upstreams">[]).flatMap(({ upstreams }) => upstreams)) }),
  listeners: (all) => {
    const [first = { listeners: [] }, ...others] = all as { readonly listeners: readonly ListenerView[] }[];
    return {
      listeners: first.listeners.map((view) =>
        mergedListeners([view, ...others.flatMap(({ listeners }) => listeners.filter(({ name }) => name === view.name))]),
      ),
    };
  },
  listener: (all) => mergedListeners(all as ListenerView[]),
  plugin: (all) => mergedPlugins(all as PluginView[]),
  list_sessions: (all, { input }) => mergedPages(all as SessionPage[], Number(input["limit"])),
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
/** The largest of the numbers that are defined. */
const most = (numbers: readonly (number | undefined)[]): number | undefined => {
  const known = numbers.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

function mergedStatus(all: readonly ProxyStatus[], { proxy, workers, counters: book }: About, trial: TrialView | undefined): ProxyStatus {
  const { generation, startedAt, steering, listeners: places, counters: own } = proxy;
  const [first] = all;
  const listeners = (first?.listeners ?? []).map((listener): ListenerStatus => {
    const same = all.flatMap((each) => each.listeners.filter(({ name }) => name === listener.name));
    return {
      ...listener,
      url: places[listener.name]?.url ?? listener.url,
      sessions: sum(same.map(({ sessions }) => sessions)),
      behind: sum(same.map(({ behind }) => behind)),
    };
  });
  const counters = book.sums(
    workers,
    all.map((each) => each.counters),
  );
  const told = Object.fromEntries(Object.entries(own).filter(([name, value]) => value > 0 || name in counters));
  return {
    generation,
    startedAt,
    pid: process.pid,
    listeners,
    upstreams: mergedEndpoints(all.flatMap(({ upstreams }) => upstreams)),
    counters: { ...counters, ...told },
    overrides: steering.overrides,
    ...(trial === undefined ? {} : { trial }),
    memory: process.memoryUsage.rss() + sum(all.map(({ memory }) => memory)),
    workers: all.map(({ pid, generation: number, startedAt: began, memory, listeners: had }) => ({
      pid,
      generation: number,
      startedAt: began,
      sessions: sum(had.map(({ sessions }) => sessions)),
      memory,
    })),
  };
}

/** One entry for each endpoint. An endpoint that is down in one worker is shown as down. */
function mergedEndpoints(all: readonly EndpointStatus[]): readonly EndpointStatus[] {
  const byPlace = new Map<string, EndpointStatus>();
  for (const each of all) {
    const key = `${each.listener} ${each.endpoint}`;
    const known = byPlace.get(key);
    if (known === undefined) byPlace.set(key, each);
    else {
      const shown = known.state === "down" ? known : each;
      byPlace.set(key, { ...shown, sessions: known.sessions + each.sessions, failures: Math.max(known.failures, each.failures) });
    }
  }
  return [...byPlace.values()];
}

/** @param all views of one listener, at least one */
export function mergedListeners(all: readonly ListenerView[]): ListenerView {
  const [first] = all;
  if (first === undefined) throw new SluiceError("SLUICE_WORKER_LOST", "no worker serves at this moment");
  const plugins = first.plugins.map((plugin) =>
    mergedPlugins(all.flatMap((each) => each.plugins.filter(({ name }) => name === plugin.name))),
  );
  return { ...first, plugins, sessions: sum(all.map(({ sessions }) => sessions)), behind: sum(all.map(({ behind }) => behind)) };
}

function mergedPlugins(all: readonly PluginView[]): PluginView {
  const [first] = all;
  if (first === undefined) throw new SluiceError("SLUICE_WORKER_LOST", "no worker serves at this moment");
  return {
    ...first,
    errors: sum(all.map(({ errors }) => errors)),
    fromClient: mergedTraffic(all.map(({ fromClient }) => fromClient)),
    fromUpstream: mergedTraffic(all.map(({ fromUpstream }) => fromUpstream)),
  };
}

/** The sums of the traffic; of quantiles, the worst. */
function mergedTraffic(given: readonly (PluginTraffic | undefined)[]): PluginTraffic | undefined {
  const all = given.filter((each) => each !== undefined);
  if (all.length === 0) return undefined;
  const total = (name: Exclude<keyof PluginTraffic, "p50" | "p99">): number => sum(all.map((each) => each[name]));
  return {
    chunksIn: total("chunksIn"),
    bytesIn: total("bytesIn"),
    chunksOut: total("chunksOut"),
    bytesOut: total("bytesOut"),
    drops: total("drops"),
    p50: most(all.map(({ p50 }) => p50)),
    p99: most(all.map(({ p99 }) => p99)),
  };
}

function mergedPages(all: readonly SessionPage[], limit: number): SessionPage {
  // The ids of each worker are numbers of its own: only the time tells the order.
  const everything = all.flatMap(({ sessions }) => sessions).toSorted((a, b) => b.startedAt - a.startedAt || b.id - a.id);
  const sessions = everything.slice(0, limit);
  const isMore = everything.length > limit || all.some(({ next }) => next !== undefined);
  return { sessions, next: isMore ? sessions.at(-1)?.id : undefined };
}
