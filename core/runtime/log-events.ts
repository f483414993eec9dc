import type { Logger, ProxyEvent } from "../contract/index.ts";

/** What the proxy itself logs: faults of plugins, warnings, and listeners that come and go. Sessions are the logging plugin's. */
export function logEvent(event: ProxyEvent, logger: Logger): void {
  if (event.type === "plugin-fault") {
    const { listener, plugin, session, error } = event;
    logger.error({ listener, plugin, session: session?.id, code: error.code }, error.message);
  } else if (event.type === "endpoint-down") {
    const { listener, endpoint, failures, code, until } = event;
    logger.warn({ listener, endpoint, failures, code, until }, "endpoint down");
  } else if (event.type === "endpoint-up") {
    logger.info({ listener: event.listener, endpoint: event.endpoint }, "endpoint up");
  } else if (event.type === "warning") {
    logger.warn(event.listener === undefined ? {} : { listener: event.listener }, event.message);
  } else if (event.type === "listening" || event.type === "unlistening") {
    logger.info({ listener: event.listener, url: event.url }, event.type);
  }
}
