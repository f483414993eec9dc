import { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger } from "sluice";

/** What a proxy logged: each line as the JSON that it was. */
export interface RecordedLog {
  readonly logger: Logger;
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly lines: readonly string[];
  /** The records with that message. */
  of(message: string): Readonly<Record<string, unknown>>[];
}

/** A logger as the core makes it, which keeps its lines instead of writing them to standard error. */
export function recordLog(level = "debug"): RecordedLog {
  const lines: string[] = [];
  const records: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = chunk.toString();
      lines.push(line);
      records.push(JSON.parse(line) as Record<string, unknown>);
      done();
    },
  });
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return { logger, records, lines, of: (message) => records.filter((record) => record["msg"] === message) };
}
