/** From the least to the most important; `silent` lets nothing through. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** A level of the log: `info` shows what is not `debug` or `trace`. */
export type LogLevel = (typeof logLevels)[number];

/** The level that a logger checks before each record: shared, so that a reload changes it for loggers that plugins keep. */
export interface Threshold {
  level: LogLevel;
}

/** pino's numbers: a record passes when its own is as high as the threshold's. */
const numbers: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity };

export function isLogLevel(text: unknown): text is LogLevel {
  return (logLevels as readonly unknown[]).includes(text);
}

/** Whether a record of a level passes. */
export function passes(level: LogLevel, threshold: Threshold): boolean {
  return numbers[level] >= numbers[threshold.level];
}

/** The name of one of pino's numbers. */
export function levelName(number: unknown): string {
  return logLevels.find((level) => numbers[level] === number) ?? String(number);
}
