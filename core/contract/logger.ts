/** One level of a {@link Logger}: fields first, then the message; or the message alone. */
export interface LogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

/** pino's methods: what plugins and the core log with. error = a session could not be served; warn = recovered. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  child(bindings: object): Logger;
  isLevelEnabled(level: string): boolean;
}
