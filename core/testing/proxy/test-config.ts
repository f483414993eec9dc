import type { ListenerConfig, SluiceConfig } from "../../contract/index.ts";

/** A listener of a config. Without `listen`, it gets a free TCP port of 127.0.0.1. */
export type TestListener = Omit<ListenerConfig, "listen"> & Partial<Pick<ListenerConfig, "listen">>;

/** A whole config. */
export type TestProxyConfig = Omit<SluiceConfig, "listeners"> & { readonly listeners: Readonly<Record<string, TestListener>> };

/** One listener, which gets the name `main`, together with the other options of a config. */
export type OneListener = TestListener & Omit<SluiceConfig, "listeners" | "plugins">;

const FREE_PORT = "tcp://127.0.0.1:0";

/** The keys that belong to the whole config when one listener is given: all that a config has, except those that its listeners are made of. */
const shared: Readonly<Record<Exclude<keyof SluiceConfig, "listeners" | "plugins" | "reload">, true>> = {
  dns: true,
  limits: true,
  timeouts: true,
  shutdown: true,
  providers: true,
  log: true,
  admin: true,
  workers: true,
};

/** The whole config of a test. The proxy checks it later, with the paths of errors. */
export function wholeConfig(config: TestProxyConfig | OneListener): SluiceConfig {
  if (typeof config !== "object" || config === null) return config;
  if ("listeners" in config) return { ...config, listeners: listening(config.listeners) };
  const entries = Object.entries(config);
  const whole = Object.fromEntries(entries.filter(([key]) => key in shared));
  const main = Object.fromEntries(entries.filter(([key]) => !(key in shared)));
  // A listener's queue is behind its own limit of sessions.
  const { queue, sessions, ...limits } = config.limits ?? {};
  if (queue === undefined) return { ...whole, listeners: listening({ main }) };
  return {
    ...whole,
    limits,
    listeners: listening({ main: { ...main, limits: sessions === undefined ? { queue } : { sessions, queue } } }),
  };
}

function listening(listeners: Readonly<Record<string, TestListener>>): Readonly<Record<string, ListenerConfig>> {
  const given: unknown = listeners;
  if (typeof given !== "object" || given === null) return given as never;
  return Object.fromEntries(
    Object.entries(listeners).map(([name, listener]) => [
      name,
      isPlain(listener) ? { ...listener, listen: listener.listen ?? FREE_PORT } : listener,
    ]),
  );
}

function isPlain(listener: unknown): listener is TestListener {
  return typeof listener === "object" && listener !== null;
}
