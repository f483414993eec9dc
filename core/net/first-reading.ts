import {
  reasonOf,
  SluiceError,
  type FirstBytesBounds,
  type FirstBytesEnd,
  type FirstBytesReader,
  type ErrorCode,
} from "../contract/index.ts";

const MAX_BYTES = 16_384;
const TIMEOUT = 10_000;

/** Sees the first bytes of a connection before its reader does. */
export interface FirstReader {
  /** @param bytes what the reader is to see @param size bytes of all that came so far */
  given(bytes: Buffer, size: number): void;
  /** The other side has finished sending. */
  ended(): void;
  /** The connection is gone. */
  gone(): void;
}

/** The client or the upstream that sends the first bytes, as errors name it. */
export interface FirstSide {
  readonly name: { toString(): string };
  /** For first bytes that are not what they should be, for those that do not come in time, and for a connection that ends before them. */
  readonly codes: readonly [protocol: ErrorCode, timeout: ErrorCode, reset: ErrorCode];
}

/** The codes of a client. */
export const clientCodes: FirstSide["codes"] = ["SLUICE_CLIENT_PROTOCOL", "SLUICE_CLIENT_TIMEOUT", "SLUICE_CLIENT_RESET"];
/** The codes of an upstream. */
export const upstreamCodes: FirstSide["codes"] = ["SLUICE_UPSTREAM_PROTOCOL", "SLUICE_UPSTREAM_TIMEOUT", "SLUICE_UPSTREAM_RESET"];

/** Where first bytes come from: a leg that nobody reads yet. */
export interface FirstSource {
  /** Starts reading. Bytes that were put back before come first. */
  start(reader: FirstReader): void;
  /** Stops. @param taken bytes of the last `given` that are used up; all others go to the next reader */
  stop(taken: number): void;
}

/**
 * Lets a reader see the first bytes of a client or of an upstream, and take them off the stream.
 *
 * @throws the side's codes: when the reader has not decided after `max` bytes or at the end, when the time is over, and when the other side left or
 *   finished without sending a byte; and what the reader throws
 */
export function readFirst<T>(
  source: FirstSource,
  reader: FirstBytesReader<T>,
  { max = MAX_BYTES, timeout = TIMEOUT }: FirstBytesBounds,
  side: FirstSide,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    let isOver = false;
    const settle = (taken: number, tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      source.stop(taken);
      tell();
    };
    const ask = (bytes: Buffer, end?: FirstBytesEnd): void => {
      if (isOver) return;
      seen = bytes;
      try {
        const found = reader(bytes, end);
        if (found !== undefined) settle(found.taken, () => resolve(found.value));
        else if (end !== undefined) settle(0, () => reject(undecided(end, side, bytes.length, timeout)));
      } catch (error) {
        settle(0, () => reject(error instanceof Error ? error : new Error(reasonOf(error))));
      }
    };
    const timer = setTimeout(() => ask(seen, "time"), timeout);
    source.start({
      given: (bytes, size) => ask(bytes, size >= max ? "size" : undefined),
      ended: () => ask(seen, "end"),
      gone: () => settle(0, () => reject(new SluiceError(side.codes[2], `${String(side.name)}: closed before its first bytes were read`))),
    });
  });
}

function undecided(end: FirstBytesEnd, { name, codes: [protocol, timeout, reset] }: FirstSide, length: number, ms: number): SluiceError {
  if (end === "time") return new SluiceError(timeout, `${String(name)}: its first bytes did not come within ${ms} ms`);
  if (end === "size") return new SluiceError(protocol, `${String(name)}: its first ${length} bytes are no beginning that is known`);
  return length === 0
    ? new SluiceError(reset, `${String(name)}: finished before its first byte`)
    : new SluiceError(protocol, `${String(name)}: finished in the middle of its first bytes`);
}
