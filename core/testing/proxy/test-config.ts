import type { ListenerConfig, SluiceConfig } from "../../contract/index.ts";

/** A listener of a config. Without `listen`, it gets a free TCP port of 127.0.0.1. */
export type TestListener = Omit<ListenerConfig, "listen"> & Partial<Pick<ListenerConfig, "listen">>;

/** A whole config. */
export type TestProxyConfig = Omit<SluiceConfig, "listeners"> & { readonly listeners: Readonly<Record<string, TestListener>> };

/** One listener, which gets the name `main`, together with the other options of a config. */
export type OneListener = TestListener & Omit<SluiceConfig, "listeners" | "plugins">;

const FREE_PORT = "tcp://127.0.0.1:0";

/** The keys that belong to the whole config when one listener is given. */
const shared = new Set<string>(["dns", "limits", "timeouts", "providers", "log", "admin"] satisfies (keyof SluiceConfig)[]);

/** The whole config of a test. The proxy checks it later, with the paths of errors. */
export function wholeConfig(config: TestProxyConfig | OneListener): SluiceConfig {
  if (typeof config !== "object" || config === null) return config;
  if ("listeners" in config) return { ...config, listeners: listening(config.listeners) };
  const entries = Object.entries(config);
  const whole = Object.fromEntries(entries.filter(([key]) => shared.has(key)));
  const main = Object.fromEntries(entries.filter(([key]) => !shared.has(key)));
  return { ...whole, listeners: listening({ main }) };
}

function listening(listeners: Readonly<Record<string, TestListener>>): Readonly<Record<string, ListenerConfig>> {
  const given: unknown = listeners;
  if (typeof given !== "object" || given === null) return given as never;
  return Object.fromEntries(
    Object.entries(listeners).map(([name, listener]) => [name, isPlain(listener) ? { listen: FREE_PORT, ...listener } : listener]),
  );
}

function isPlain(listener: unknown): listener is TestListener {
  return typeof listener === "object" && listener !== null;
}
