import type { Logger as Pino } from "pino";
import type { LogChildOptions, Logger } from "../../contract/index.ts";
import { isLogLevel, passes, type LogLevel, type Threshold } from "../../contract/config/log-level.ts";

/**
 * A logger with pino's methods whose level can be changed for it and all its children at once. A child of pino keeps the level that it was made with,
 * so a reload could not change the level of a plugin that lives on.
 */
export class LevelLogger implements Logger {
  /** @param pino a logger that lets all levels through */
  constructor(
    private readonly pino: Pino,
    private threshold: Threshold,
  ) {}

  get level(): string {
    return this.threshold.level;
  }

  /** Sets the level of this logger, and of children that it makes from now on. */
  set level(level: string) {
    this.threshold = own(level) ?? this.threshold;
  }

  trace(...given: unknown[]): void {
    this.#log("trace", given);
  }

  debug(...given: unknown[]): void {
    this.#log("debug", given);
  }

  info(...given: unknown[]): void {
    this.#log("info", given);
  }

  warn(...given: unknown[]): void {
    this.#log("warn", given);
  }

  error(...given: unknown[]): void {
    this.#log("error", given);
  }

  fatal(...given: unknown[]): void {
    this.#log("fatal", given);
  }

  child(bindings: object, options: LogChildOptions = {}): Logger {
    const { level, ...others } = options;
    return new LevelLogger(this.pino.child(bindings, others), own(level) ?? this.threshold);
  }

  bindings(): object {
    return this.pino.bindings();
  }

  isLevelEnabled(level: string): boolean {
    return isLogLevel(level) && passes(level, this.threshold);
  }

  #log(level: Exclude<LogLevel, "silent">, given: unknown[]): void {
    if (passes(level, this.threshold)) Reflect.apply(this.pino[level], this.pino, given);
  }
}

function own(level: string | undefined): Threshold | undefined {
  return isLogLevel(level) ? { level } : undefined;
}
