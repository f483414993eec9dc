import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { directions, pluginTraffic, trafficOf, type Direction } from "../views/traffic.ts";

type Numbers = Readonly<Record<string, number>>;

/** Measures what happens a second, from one look to the next. */
export class Rates {
  #before = new Map<string, number>();
  #at = performance.now();

  constructor(private readonly proxy: Proxy) {
    // The first look is compared with now.
    this.look();
  }

  /** Everything by listener and plugin use; what ends in `PerSecond` is since the last look. */
  look(): unknown {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    const next = new Map<string, number>();
    const rate = (key: string, value: number): number => {
      next.set(key, value);
      return Math.max(0, Math.round((value - (this.#before.get(key) ?? value)) / seconds));
    };
    const traffic = trafficOf(this.proxy);
    const listeners = Array.from(this.proxy.inner.listeners.values(), (listener) => {
      const { name, sessions, counts, version } = listener;
      const own = traffic.get(name);
      const failed = [...counts.ends].reduce((sum, [reason, count]) => (reason === "closed" ? sum : sum + count), 0);
      return {
        listener: name,
        sessions,
        sessionsPerSecond: rate(`${name} sessions`, counts.sessions),
        errorsPerSecond: rate(`${name} errors`, failed + counts.refused),
        waitingBytes: own?.waiting ?? 0,
        ...Object.fromEntries(directions.map((direction) => [direction, this.#carried(name, direction, own?.[direction], rate)])),
        plugins: version.config.uses.map(({ name: plugin }) => ({ plugin, ...this.#plugin(name, plugin, rate) })),
      };
    });
    this.#before = next;
    this.#at = now;
    return { at: Date.now(), generation: this.proxy.generation, listeners };
  }

  #carried(
    listener: string,
    direction: Direction,
    own: { readonly bytes: number; readonly chunks: number } | undefined,
    rate: (key: string, value: number) => number,
  ): Numbers {
    const { bytes = 0, chunks = 0 } = own ?? {};
    const key = `${listener} ${direction}`;
    return { bytes, chunks, bytesPerSecond: rate(`${key} bytes`, bytes), chunksPerSecond: rate(`${key} chunks`, chunks) };
  }

  #plugin(listener: string, plugin: string, rate: (key: string, value: number) => number): Record<string, unknown> {
    const meters = this.proxy.inner.state.meters.find(listener, plugin);
    const errors = this.proxy.inner.listeners.get(listener)?.counts.faults.get(plugin) ?? 0;
    const both = directions.map((direction) => {
      if (meters === undefined) return [direction, undefined] as const;
      const own = pluginTraffic(meters[direction]);
      const key = `${listener} ${plugin} ${direction}`;
      const perSecond = {
        chunksPerSecond: rate(`${key} chunks`, own.chunksIn),
        bytesInPerSecond: rate(`${key} in`, own.bytesIn),
        bytesOutPerSecond: rate(`${key} out`, own.bytesOut),
      };
      return [direction, { ...own, ...perSecond }] as const;
    });
    return { errors, ...Object.fromEntries(both) };
  }
}
