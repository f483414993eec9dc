import { createEventLog } from "../../../runtime/log/log-events.ts";
import type { ProxyOptions } from "../../../runtime/proxy/proxy-options.ts";

/** Logs the events of all workers, as a proxy of one process logs its own. */
export function eventLogOf({ logger, log, announced }: ProxyOptions, generation: () => number): ReturnType<typeof createEventLog> {
  const isReadable = (): boolean => log?.isReadable === true;
  const isAnnounced = (): boolean => announced === true && isReadable() && generation() <= 1;
  return createEventLog(logger, { isReadable, isAnnounced });
}
