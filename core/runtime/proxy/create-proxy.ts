import type { Logger, SluiceConfig } from "../../contract/index.ts";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { transports } from "../../net/transports/table.ts";
import { ProxyLog } from "../log/logger.ts";
import { Proxy } from "./proxy.ts";

export interface CreateProxyOptions {
  /** What the core and the plugins log with, instead of what the config's `log` says. @default lines on standard error, which nothing waits for */
  readonly logger?: Logger;
}

/**
 * Starts a proxy in this process.
 *
 * @example
 * const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:3000" } } });
 * proxy.listeners.web.address.port; await proxy.close();
 *
 * @throws SLUICE_CONFIG_INVALID, SLUICE_ADDRESS_IN_USE and its kin, SLUICE_PLUGIN_CONSTRUCT, SLUICE_PLUGIN_SETUP; then nothing is open
 */
export async function createProxy(config: SluiceConfig, options: CreateProxyOptions = {}): Promise<Proxy> {
  const resolved = resolveConfig(config, transports);
  if (options.logger !== undefined) return Proxy.start(resolved, { logger: options.logger });
  const log = new ProxyLog();
  return Proxy.start(resolved, { logger: log.logger, log });
}
