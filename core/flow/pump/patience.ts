import type { Leg } from "../../contract/index.ts";

/** Bytes that may wait in the sink before the source is stopped, if chunks are not lent. */
const PENDING = 64 * 1024;
/** The same for records: lent chunks that lie side by side. */
const PENDING_RECORDS = 128 * 1024;

/**
 * How many bytes of a source may wait in its sink. A chunk that is not lent may wait, and so may a record: pausing the source for each that
 * waits would cost two system calls. Any other lent chunk must have left before the source reads again.
 */
export function patienceFor(source: Leg): number {
  if (!source.lend) return PENDING;
  return source.records ? PENDING_RECORDS : 0;
}
