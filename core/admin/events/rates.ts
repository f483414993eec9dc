import { directions, type Direction } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { pluginTraffic, trafficOf, type PluginTraffic } from "../views/traffic.ts";

/** The traffic of one direction, and its rates. */
interface FlowRates {
  readonly bytes: number;
  readonly chunks: number;
  readonly bytesPerSecond: number;
  readonly chunksPerSecond: number;
}

/** What a plugin use does to one direction, with rates. */
interface PassingRates extends PluginTraffic {
  /** Chunks a second that came to it. */
  readonly chunksPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
}

export interface PluginRates {
  readonly plugin: string;
  /** Exceptions in its hooks so far. */
  readonly errors: number;
  /** Undefined: nothing has passed through it yet. */
  readonly fromClient: PassingRates | undefined;
  readonly fromUpstream: PassingRates | undefined;
}

export interface ListenerRates {
  readonly listener: string;
  /** The number of open sessions. */
  readonly sessions: number;
  readonly sessionsPerSecond: number;
  /** Sessions a second that were refused, or that ended with another reason than "closed". */
  readonly errorsPerSecond: number;
  /** Bytes that wait in open sessions. */
  readonly waitingBytes: number;
  readonly fromClient: FlowRates;
  readonly fromUpstream: FlowRates;
  readonly plugins: readonly PluginRates[];
}

/** Rates by listener and plugin use. */
export interface ProxyRates {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly generation: number;
  readonly listeners: readonly ListenerRates[];
}

type Rate = (key: string, value: number) => number;

/** Measures rates, from one measurement to the next. */
export class Rates {
  #before = new Map<string, number>();
  #at = performance.now();

  constructor(private readonly proxy: Proxy) {
    // The first measurement is compared with the state now.
    this.look();
  }

  /** Measures. Values that end in `PerSecond` are for the time since the last measurement. */
  look(): ProxyRates {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    const next = new Map<string, number>();
    const rate: Rate = (key, value) => {
      next.set(key, value);
      return Math.max(0, Math.round((value - (this.#before.get(key) ?? value)) / seconds));
    };
    const traffic = trafficOf(this.proxy);
    const listeners = Array.from(this.proxy.inner.listeners.values(), (listener): ListenerRates => {
      const { name, sessions, counts, version } = listener;
      const own = traffic.get(name);
      const failed = [...counts.ends].reduce((sum, [reason, count]) => (reason === "closed" ? sum : sum + count), 0);
      return {
        listener: name,
        sessions,
        sessionsPerSecond: rate(`${name} sessions`, counts.sessions),
        errorsPerSecond: rate(`${name} errors`, failed + counts.refused),
        waitingBytes: own?.waiting ?? 0,
        fromClient: carried(`${name} fromClient`, own?.fromClient, rate),
        fromUpstream: carried(`${name} fromUpstream`, own?.fromUpstream, rate),
        plugins: version.config.uses.map(({ name: plugin }) => this.#plugin(name, plugin, rate)),
      };
    });
    this.#before = next;
    this.#at = now;
    return { at: Date.now(), generation: this.proxy.generation, listeners };
  }

  #plugin(listener: string, plugin: string, rate: Rate): PluginRates {
    const meters = this.proxy.inner.state.meters.find(listener, plugin);
    const errors = this.proxy.inner.listeners.get(listener)?.counts.faults.total(plugin) ?? 0;
    const [fromClient, fromUpstream] = directions.map((direction: Direction): PassingRates | undefined => {
      if (meters === undefined) return undefined;
      const own = pluginTraffic(meters[direction]);
      const key = `${listener} ${plugin} ${direction}`;
      return {
        ...own,
        chunksPerSecond: rate(`${key} chunks`, own.chunksIn),
        bytesInPerSecond: rate(`${key} in`, own.bytesIn),
        bytesOutPerSecond: rate(`${key} out`, own.bytesOut),
      };
    });
    return { plugin, errors, fromClient, fromUpstream };
  }
}

function carried(key: string, own: { readonly bytes: number; readonly chunks: number } | undefined, rate: Rate): FlowRates {
  const { bytes = 0, chunks = 0 } = own ?? {};
  return { bytes, chunks, bytesPerSecond: rate(`${key} bytes`, bytes), chunksPerSecond: rate(`${key} chunks`, chunks) };
}
