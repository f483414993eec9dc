import type { Logger, ProxyEvent } from "../contract/index.ts";

/** What the proxy itself logs: faults of plugins, warnings, and listeners that come and go. Sessions are the logging plugin's. */
export function logEvent(event: ProxyEvent, logger: Logger): void {
  switch (event.type) {
    case "plugin-fault": {
      const { listener, plugin, session, error } = event;
      logger.error({ listener, plugin, session: session?.id, code: error.code }, error.message);
      break;
    }
    case "warning":
      logger.warn(event.listener === undefined ? {} : { listener: event.listener }, event.message);
      break;
    case "listening":
    case "unlistening":
      logger.info({ listener: event.listener, url: event.url }, event.type);
      break;
    case "refused":
    case "reloaded":
    case "closed":
    case "session-started":
    case "session-ended":
    case "session-refused":
    case "swapped":
    case "dropped":
      break;
  }
}
