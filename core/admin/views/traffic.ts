import { directions } from "../../contract/index.ts";
import type { PluginMeter } from "../../flow/chain/meter.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { TrafficTotals } from "../../runtime/listener/listener-counts.ts";

/** The traffic of a listener's sessions, open ones included. */
export interface ListenerTraffic {
  readonly fromClient: TrafficTotals;
  readonly fromUpstream: TrafficTotals;
  /** Bytes that wait in open sessions. */
  waiting: number;
  /** The number of flows whose sink or operators take no more for now. */
  paused: number;
}

/** The traffic by listener. Goes through all open sessions once. */
export function trafficOf({ inner: { listeners, state } }: Proxy): ReadonlyMap<string, ListenerTraffic> {
  const all = new Map<string, ListenerTraffic>();
  for (const { name, counts } of listeners.values())
    all.set(name, {
      fromClient: new TrafficTotals().add(counts.fromClient),
      fromUpstream: new TrafficTotals().add(counts.fromUpstream),
      waiting: 0,
      paused: 0,
    });
  for (const set of [state.sessions, state.flows])
    for (const session of set) {
      const own = all.get(session.listener);
      if (own === undefined) continue;
      for (const direction of directions) {
        own[direction].add(session.relay?.[direction]);
        const flow = session.flow(direction);
        if (flow === undefined) continue;
        own[direction].add(flow);
        own.waiting += flow.waiting;
        if (!flow.clear) own.paused += 1;
      }
    }
  return all;
}

/** What one plugin use does to the data of one direction. */
export interface PluginTraffic {
  readonly chunksIn: number;
  readonly bytesIn: number;
  readonly chunksOut: number;
  readonly bytesOut: number;
  /** Chunks for which it returned null. */
  readonly drops: number;
  /** Quantiles of the seconds that a chunk takes, measured for one chunk in 64; undefined: none was measured, as with plain RxJS operators. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export function pluginTraffic(meter: PluginMeter): PluginTraffic {
  const { in: entered, out: left, drops, durations } = meter;
  return {
    chunksIn: entered.chunks,
    bytesIn: entered.bytes,
    chunksOut: left.chunks,
    bytesOut: left.bytes,
    drops,
    p50: durations.quantile(0.5),
    p99: durations.quantile(0.99),
  };
}
