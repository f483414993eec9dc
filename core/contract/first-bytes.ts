/** What a reader found at the beginning of what a client sends. */
export interface FirstBytes<T> {
  /** How many bytes are taken off; the rest is for whoever reads next. 0: it only looked. */
  readonly taken: number;
  /** What `session.readFirst` resolves with. */
  readonly value: T;
}

/** Why nothing more will come before the reader has to decide: `max` bytes are there, the time is over, or the client has finished sending. */
export type FirstBytesEnd = "size" | "time" | "end";

/**
 * Reads the first bytes of a client: called each time more have come.
 *
 * @param bytes of a stream all that came so far; on a UDP listener one datagram, each in its turn
 * @param end set when this is the last call; without a decision then, the reading fails
 * @returns undefined: more are needed
 */
export type FirstBytesReader<T> = (bytes: Buffer, end: FirstBytesEnd | undefined) => FirstBytes<T> | undefined;

/** The upstream's leg, opened before the session is admitted. */
export interface EarlyUpstream {
  /** Where it leads. */
  readonly endpoint: string;
  /** As `session.readFirst`, of what the upstream sends; its codes are SLUICE_UPSTREAM_PROTOCOL, _TIMEOUT and _RESET. */
  readFirst<T>(reader: FirstBytesReader<T>, bounds?: FirstBytesBounds): Promise<T>;
  /** Writes to the upstream before anything of the client's; a few bytes. */
  write(data: Buffer): void;
}

/** What bounds the reading of first bytes. */
export interface FirstBytesBounds {
  /** Bytes, all together. One chunk may go beyond it. @default 16384 */
  readonly max?: number;
  /** Milliseconds for all of it, however slowly the client sends. @default 10000 */
  readonly timeout?: number;
}
