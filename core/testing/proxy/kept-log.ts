import type { Logger, LogLevel } from "../../contract/index.ts";
import { createLogger } from "../../runtime/log/logger.ts";

/** One record of a log, as it would be a line of JSON. */
export type LogRecord = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** Records kept at most; then the oldest go. */
const MOST = 10_000;

/** A log that nobody sees: it is kept for the test to look at. */
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
