import type { ListenerConfig, SluiceConfig } from "../../contract/index.ts";

/** A listener of a config whose `listen` may be left out: then it is a free TCP port of 127.0.0.1. */
export type TestListener = Omit<ListenerConfig, "listen"> & Partial<Pick<ListenerConfig, "listen">>;

/** A whole config. */
export type TestProxyConfig = Omit<SluiceConfig, "listeners"> & { readonly listeners: Readonly<Record<string, TestListener>> };

/** One listener, which is then named `main`, and what else a config has. */
export type OneListener = TestListener & Omit<SluiceConfig, "listeners" | "plugins">;

const FREE_PORT = "tcp://127.0.0.1:0";

/** What belongs to the whole config where one listener is given. */
const shared = new Set<string>(["dns", "limits", "timeouts", "providers", "log", "admin"] satisfies (keyof SluiceConfig)[]);

/** The config that a test means. What is wrong in it is refused with its path when the proxy takes it. */
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
