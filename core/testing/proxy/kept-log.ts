import type { Logger, LogLevel } from "../../contract/index.ts";
import { createLogger } from "../../runtime/log/logger.ts";

/** One record of a log, like a line of the JSON log. */
export type LogRecord = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** The most records that are kept; then the oldest are dropped. */
const MOST = 10_000;

/** A log that is not printed, but kept for the test. */
export class KeptLog {
  readonly logger: Logger;
  readonly #lines: string[] = [];

  constructor(level: LogLevel = "debug") {
    const to = {
      write: (line: string): void => {
        if (this.#lines.push(line) > MOST) this.#lines.shift();
      },
    };
    this.logger = createLogger({ level, to });
  }

  get records(): LogRecord[] {
    return this.#lines.map((line) => JSON.parse(line) as LogRecord);
  }
}
