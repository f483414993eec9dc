import { SluiceError, type Logger, type SluiceConfig } from "../../contract/index.ts";
import { missingInLogger } from "../../contract/plugin/logger.ts";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { transports } from "../../net/transports/table.ts";
import { ProxyLog } from "../log/logger.ts";
import type { Companion } from "./companion.ts";
import { Proxy } from "./proxy.ts";

/** Options of createProxy(). */
export interface CreateProxyOptions {
  /** The logger of the core and of plugins, which replaces the config's `log`. @default lines on standard error, which nothing waits for */
  readonly logger?: Logger;
}

/** Starts a proxy, with or without a companion. */
export async function startProxy(config: SluiceConfig, options: CreateProxyOptions, companion?: Companion): Promise<Proxy> {
  const resolved = resolveConfig(config, transports);
  if (options.logger !== undefined) return Proxy.start(resolved, { logger: checked(options.logger), companion });
  const log = new ProxyLog().start(resolved);
  return Proxy.start(resolved, { logger: log.logger, log, companion });
}

/** Types are not checked at run time, and a logger is first asked for some of its methods when something fails. */
function checked(logger: Logger): Logger {
  const missing = missingInLogger(logger);
  if (missing.length === 0) return logger;
  throw new SluiceError("SLUICE_CONFIG_INVALID", `expected a logger with pino's methods, but it has no ${missing.join(", no ")}`, {
    where: "createProxy: logger",
  });
}
