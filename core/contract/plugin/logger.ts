/** One level of a {@link Logger}: fields first, then the message; or the message alone. */
export interface LogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** What `child` takes beside its bindings: pino's options. */
export interface LogChildOptions {
  /** The threshold of this child, whatever its parent's is: `"trace" "debug" "info" "warn" "error" "fatal" "silent"`. @default the parent's */
  readonly level?: string;
}

/** pino's methods: what plugins and the core log with. error = a session could not be served; warn = recovered. */
export interface Logger {
  /** For chunks. */
  readonly trace: LogMethod;
  /** For the events of sessions. */
  readonly debug: LogMethod;
  /** For starts, reloads and records of sessions. */
  readonly info: LogMethod;
  /** Something is wrong, and work goes on. */
  readonly warn: LogMethod;
  /** A session could not be served, or a reload was refused. */
  readonly error: LogMethod;
  /** The process must end. */
  readonly fatal: LogMethod;
  /** A logger whose records all have these fields. */
  child(bindings: object, options?: LogChildOptions): Logger;
  /** Whether a record of this level is written: ask before work that only a record needs. */
  isLevelEnabled(level: string): boolean;
}

const methods = [
  "trace",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
  "child",
  "isLevelEnabled",
] as const satisfies readonly (keyof Logger)[];

/** The methods that a value lacks to be a logger. */
export function missingInLogger(value: unknown): string[] {
  return methods.filter((name) => typeof (value as Partial<Logger> | null)?.[name] !== "function");
}
