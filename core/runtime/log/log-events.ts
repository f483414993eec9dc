import { textOf, type Logger, type ProxyEvent } from "../../contract/index.ts";
import { excerptAt } from "./author-place.ts";
import { Repeats } from "./repeats.ts";

/** The readers of the log. */
export interface Readers {
  /** The readers are people, who want to see the lines of source around a fault. */
  readonly isReadable: () => boolean;
  /** The readers see listeners elsewhere. */
  readonly isAnnounced: () => boolean;
}

type Fault = Extract<ProxyEvent, { type: "plugin-fault" }>;

/**
 * Logs what the proxy itself has to log: faults of plugins, warnings, and listeners that come and go. The logging plugin logs sessions. If the same
 * fault happens in many sessions, it is logged once, and then every ten seconds with the number of times.
 */
export function createEventLog(logger: Logger, { isReadable, isAnnounced }: Readers): (event: ProxyEvent) => void {
  const faults = new Repeats();
  return (event) => {
    if (event.type === "plugin-fault") {
      const { listener, plugin, error } = event;
      faults.happened([listener, plugin, error.message].join(" "), (count) => {
        logFault(event, count, isReadable(), logger);
      });
    } else if (event.type === "closed") faults.close();
    else if (event.type !== "listening" || !isAnnounced()) logEvent(event, logger);
  };
}

function logEvent(event: ProxyEvent, logger: Logger): void {
  if (event.type === "endpoint-down") {
    const { listener, endpoint, why, detail, failures, code, since, until } = event;
    logger.warn({ listener, endpoint, why, detail, failures, code, since, until }, "endpoint down");
  } else if (event.type === "endpoint-up") {
    const { listener, endpoint, why, since } = event;
    logger.info({ listener, endpoint, why, since }, "endpoint up");
  } else if (event.type === "warning") {
    logger.warn(event.listener === undefined ? {} : { listener: event.listener }, event.message);
  } else if (event.type === "listening" || event.type === "unlistening") {
    logger.info({ listener: event.listener, url: event.url }, event.type);
  }
}

function logFault({ listener, plugin, session, error }: Fault, count: number, isReadable: boolean, logger: Logger): void {
  const { code, where, message, cause } = error;
  if (count > 0) {
    logger.error({ listener, plugin, code, where, count }, `${message}: ${count} more ${count === 1 ? "time" : "times"}`);
    return;
  }
  const frame = isReadable ? (error.frame ?? excerptAt(where)) : undefined;
  const stack = logger.isLevelEnabled("debug") ? (textOf(cause, "stack") ?? textOf(error, "stack")) : undefined;
  logger.error({ listener, plugin, session: session?.id, code, where, frame, stack }, message);
}
