import type { ListenerRates, PluginRates, ProxyRates } from "../../../admin/events/rates.ts";

/** The rates of all workers together. @param all at least one */
export function mergedRates(all: readonly ProxyRates[]): ProxyRates {
  const names = new Set(all.flatMap(({ listeners }) => listeners.map(({ listener }) => listener)));
  const listeners = Array.from(names, (name) =>
    mergedListener(all.flatMap((each) => each.listeners.filter(({ listener }) => listener === name))),
  );
  return { at: Date.now(), generation: Math.max(...all.map(({ generation }) => generation)), listeners };
}

function mergedListener(all: readonly ListenerRates[]): ListenerRates {
  const [first, ...others] = all as readonly [ListenerRates, ...ListenerRates[]];
  const plugins = first.plugins.map((plugin) =>
    others.reduce(
      (sum, each) =>
        mergedPlugin(
          sum,
          each.plugins.find((other) => other.plugin === plugin.plugin),
        ),
      plugin,
    ),
  );
  const sum = others.reduce<ListenerRates>(
    (total, each) => ({
      ...added(total, each),
      fromClient: added(total.fromClient, each.fromClient),
      fromUpstream: added(total.fromUpstream, each.fromUpstream),
    }),
    first,
  );
  return { ...sum, plugins };
}

function mergedPlugin(one: PluginRates, other: PluginRates | undefined): PluginRates {
  if (other === undefined) return one;
  return {
    ...added(one, other),
    fromClient: together(one.fromClient, other.fromClient),
    fromUpstream: together(one.fromUpstream, other.fromUpstream),
  };
}

function together<T extends object>(one: T | undefined, other: T | undefined): T | undefined {
  return one === undefined || other === undefined ? (one ?? other) : added(one, other);
}

/** Quantiles: the worst of all workers counts. */
const worst: ReadonlySet<string> = new Set(["p50", "p99"]);

/** An object of the same form, with the sums of all numbers. */
function added<T extends object>(one: T, other: T): T {
  const values = Object.entries(one).map(([key, value]: [string, unknown]): [string, unknown] => {
    const more: unknown = (other as Record<string, unknown>)[key];
    if (worst.has(key)) return [key, Math.max(Number(value ?? 0), Number(more ?? 0)) || undefined];
    return [key, typeof value === "number" && typeof more === "number" ? value + more : value];
  });
  return Object.fromEntries(values) as T;
}
