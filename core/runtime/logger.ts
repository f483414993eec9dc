import { pino } from "pino";
import pretty from "pino-pretty";
import type { Logger } from "../contract/index.ts";

export interface LoggerOptions {
  /** @default "info", or SLUICE_LOG_LEVEL */
  readonly level?: string;
  /** Takes each record as a line of JSON. @default standard error */
  readonly to?: { write(line: string): void };
  /** For people instead of machines. @default whether standard error is a terminal */
  readonly pretty?: boolean;
}

/** Makes the root logger: one JSON line per record on standard error, readable text on a terminal. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const level = options.level ?? process.env["SLUICE_LOG_LEVEL"] ?? "info";
  const settings = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (options.pretty ?? process.stderr.isTTY)
    return pino(settings, pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l" }));
  return pino(settings, options.to ?? pino.destination({ dest: 2, sync: true }));
}
