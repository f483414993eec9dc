import path from "node:path";
import { pino } from "pino";
import { Subject } from "rxjs";
import { reasonOf, SluiceError, isLogLevel, logLevels, type Logger, type LogLevel, type ResolvedConfig } from "../../contract/index.ts";
import type { Threshold } from "../../contract/config/log-level.ts";
import { fileDescriptor } from "./descriptor.ts";
import { createLineFormat } from "./format-line.ts";
import { LevelLogger } from "./level-logger.ts";
import { LogQueue } from "./log-queue.ts";
import { recordTime } from "./record-time.ts";
import { standardError } from "./standard-streams.ts";

export interface LoggerOptions {
  /** @default "info" */
  readonly level?: LogLevel;
  /** Replaces `level` if the level may change. */
  readonly threshold?: Threshold;
  /** Takes each record as a line of JSON. @default standard error */
  readonly to?: { write(line: string): void };
}

/** Makes a logger that does not change. A logger that follows a config comes from a {@link ProxyLog}. */
export function createLogger({ level = "info", threshold = { level }, to = standardError() }: LoggerOptions = {}): Logger {
  return new LevelLogger(writingTo(to), threshold);
}

/** A pino logger that lets all levels through: the level is checked before it. */
function writingTo(to: { write(line: string): void }): pino.Logger {
  return pino({ level: "trace", base: null, timestamp: () => recordTime() }, to);
}

/** A config's `log`, ready to begin. */
export interface PreparedLog {
  begin(): void;
  /** Closes what was opened for it. */
  abandon(): void;
}

/** Milliseconds to wait for a slow reader when a proxy ends. */
const FINISH_MS = 500;

/** The log of one proxy. Its level, format and place follow the config, also for loggers that plugins keep. */
export class ProxyLog {
  readonly logger: Logger;
  readonly #threshold: { level: LogLevel };
  /** Each record as a line of JSON, for observers. */
  readonly lines = new Subject<string>();
  #queue = standardError();
  #file: string | undefined;
  #text: ((json: string) => string) | undefined;

  /** @param forced takes precedence over the config's level. @default SLUICE_LOG_LEVEL @throws SLUICE_CONFIG_INVALID */
  constructor(private readonly forced: LogLevel | undefined = environmentLevel()) {
    this.#threshold = { level: forced ?? "info" };
    this.logger = new LevelLogger(writingTo({ write: (line) => this.#write(line) }), this.#threshold);
    this.#use("auto");
  }

  /** Whether people read it: then what does not fit into a line may follow below it. */
  get isReadable(): boolean {
    return this.#text !== undefined;
  }

  /** The level for a config: the forced one, else the config's. */
  levelOf({ log }: Pick<ResolvedConfig, "log">): LogLevel {
    return this.forced ?? log.level;
  }

  /** Writes a record that another process has made, as JSON. */
  relay(line: string): void {
    this.#write(line);
  }

  /** Opens the file that a config names, even if it is already open, since it may have been renamed. @throws SLUICE_CONFIG_INVALID */
  prepare({ log, file: config }: Pick<ResolvedConfig, "log" | "file">): PreparedLog {
    const file = log.file === undefined ? undefined : path.resolve(config === undefined ? "." : path.dirname(config), log.file);
    const descriptor = file === undefined ? undefined : opened(file, config);
    return {
      begin: () => {
        if (descriptor !== undefined && file === this.#file) this.#queue.moveTo(descriptor);
        else this.#turnTo(file, descriptor === undefined ? standardError() : new LogQueue(descriptor));
        this.#threshold.level = this.forced ?? log.level;
        this.#use(log.format);
      },
      abandon: () => {
        descriptor?.close();
      },
    };
  }

  /** Follows a config at once: at a start no log is in force, so that it counts while the plugins are set up too. @throws SLUICE_CONFIG_INVALID */
  start(config: Pick<ResolvedConfig, "log" | "file">): this {
    this.prepare(config).begin();
    return this;
  }

  /** Opens the file again, after a tool such as logrotate has renamed it. If that fails, the old file gets a line about it. */
  reopen(): void {
    if (this.#file === undefined) return;
    try {
      this.#queue.moveTo(fileDescriptor(this.#file));
    } catch (error) {
      this.logger.error({ file: this.#file, reason: reasonOf(error) }, "the log file cannot be opened again: the old one is written to");
    }
  }

  /** Closes the file; later records go to standard error. Resolves when everything is written, or when the reader has had its time. */
  async close(): Promise<void> {
    await this.#queue.finished(FINISH_MS);
    if (this.#file !== undefined) this.#turnTo(undefined, standardError());
  }

  #turnTo(file: string | undefined, queue: LogQueue): void {
    if (this.#file !== undefined) this.#queue.close();
    this.#file = file;
    this.#queue = queue;
  }

  #use(format: "auto" | "line" | "json"): void {
    const { isTerminal } = this.#queue;
    const readable = format === "line" || (format === "auto" && isTerminal);
    const text = readable ? createLineFormat(isTerminal && wantsColors()) : undefined;
    this.#text = text;
    this.#queue.notice = (dropped) => {
      const json = JSON.stringify({
        level: 40,
        time: new Date().toISOString(),
        dropped,
        msg: "log records were dropped: they were not read",
      });
      return text === undefined ? `${json}\n` : text(json);
    };
  }

  #write(line: string): void {
    if (this.lines.observed) this.lines.next(line);
    this.#queue.write(this.#text === undefined ? line : this.#text(line));
  }
}

function opened(file: string, config: string | undefined): ReturnType<typeof fileDescriptor> {
  try {
    return fileDescriptor(file);
  } catch (error) {
    const where = config === undefined ? "log.file" : `${config}: log.file`;
    throw new SluiceError("SLUICE_CONFIG_INVALID", `cannot be opened for appending: ${reasonOf(error)}`, { where, cause: error });
  }
}

/** @throws SLUICE_CONFIG_INVALID if SLUICE_LOG_LEVEL is not a level */
function environmentLevel(): LogLevel | undefined {
  const given = process.env["SLUICE_LOG_LEVEL"];
  if (given === undefined || given === "") return undefined;
  if (isLogLevel(given)) return given;
  const expected = `expected one of ${logLevels.join(", ")}, got ${JSON.stringify(given)}`;
  throw new SluiceError("SLUICE_CONFIG_INVALID", expected, { where: "SLUICE_LOG_LEVEL" });
}

function wantsColors(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR === undefined || NO_COLOR === "" || NO_COLOR === "0") && TERM !== "dumb";
}
