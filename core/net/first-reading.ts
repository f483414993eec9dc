import { reasonOf, SluiceError, type FirstBytesBounds, type FirstBytesEnd, type FirstBytesReader } from "../contract/index.ts";

const MAX_BYTES = 16_384;
const TIMEOUT = 10_000;

/** Told of what a client sends before anybody else reads it. */
export interface FirstReader {
  /** @param bytes what the reader is to see @param size of all that came so far */
  given(bytes: Buffer, size: number): void;
  /** The client has finished sending. */
  ended(): void;
  /** The connection is gone. */
  gone(): void;
}

/** Where first bytes come from: a client's leg that nobody reads yet. */
export interface FirstSource {
  /** Begins with what was put back before, if anything was. */
  start(reader: FirstReader): void;
  /** Stops. @param taken bytes of what was given last that are gone; all else is for whoever reads next */
  stop(taken: number): void;
}

/**
 * Lets a reader see, and take off, the first bytes of a client.
 *
 * @throws SLUICE_CLIENT_PROTOCOL when the reader has not decided by `max` bytes or at the client's end, SLUICE_CLIENT_TIMEOUT when the time is
 *   over, SLUICE_CLIENT_RESET when the client left, or finished without a byte; and what the reader throws
 */
export function readFirst<T>(
  source: FirstSource,
  reader: FirstBytesReader<T>,
  { max = MAX_BYTES, timeout = TIMEOUT }: FirstBytesBounds,
  client: string,
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
        else if (end !== undefined) settle(0, () => reject(undecided(end, client, bytes.length, timeout)));
      } catch (error) {
        settle(0, () => reject(error instanceof Error ? error : new Error(reasonOf(error))));
      }
    };
    const timer = setTimeout(() => ask(seen, "time"), timeout);
    source.start({
      given: (bytes, size) => ask(bytes, size >= max ? "size" : undefined),
      ended: () => ask(seen, "end"),
      gone: () => settle(0, () => reject(new SluiceError("SLUICE_CLIENT_RESET", `${client}: closed before its first bytes were read`))),
    });
  });
}

function undecided(end: FirstBytesEnd, client: string, length: number, timeout: number): SluiceError {
  if (end === "time") return new SluiceError("SLUICE_CLIENT_TIMEOUT", `${client}: its first bytes did not come within ${timeout} ms`);
  if (end === "size")
    return new SluiceError("SLUICE_CLIENT_PROTOCOL", `${client}: its first ${length} bytes are no beginning that is known`);
  return length === 0
    ? new SluiceError("SLUICE_CLIENT_RESET", `${client}: finished before its first byte`)
    : new SluiceError("SLUICE_CLIENT_PROTOCOL", `${client}: finished in the middle of its first bytes`);
}
