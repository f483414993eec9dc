/** What a reader found at the beginning of a client's data. */
export interface FirstBytes<T> {
  /** Number of bytes that the reader consumes; the next reader gets the rest. 0: it only looked. */
  readonly taken: number;
  /** What `session.readFirst` resolves with. */
  readonly value: T;
}

/** Why the reader has to decide now: `max` bytes have arrived, the time is over, or the client has finished sending. */
export type FirstBytesEnd = "size" | "time" | "end";

/**
 * Reads the first bytes of a client: called each time more have come.
 *
 * @param bytes on a stream, everything received so far; on a UDP listener, one datagram at a time
 * @param end set when this is the last call; without a decision then, the reading fails
 * @returns undefined when more bytes are needed
 */
export type FirstBytesReader<T> = (bytes: Buffer, end: FirstBytesEnd | undefined) => FirstBytes<T> | undefined;

/** The upstream's leg, opened before the session is admitted. */
export interface EarlyUpstream {
  /** The endpoint that it is connected to. */
  readonly endpoint: string;
  /** Like `session.readFirst`, for the upstream's data; its codes are SLUICE_UPSTREAM_PROTOCOL, _TIMEOUT and _RESET. */
  readFirst<T>(reader: FirstBytesReader<T>, bounds?: FirstBytesBounds): Promise<T>;
  /** Writes a few bytes to the upstream, before any data of the client. */
  write(data: Buffer): void;
}

/** Bounds for reading first bytes. */
export interface FirstBytesBounds {
  /** Bytes in total. One chunk may exceed it. @default 16384 */
  readonly max?: number;
  /** Milliseconds in total, however slowly the client sends. @default 10000 */
  readonly timeout?: number;
}
