import type { Leg } from "../../contract/index.ts";

/** Bytes that may wait in the sink before the source is stopped, where chunks are not lent. */
const PENDING = 64 * 1024;
/** The same where they are lent and live side by side: records. */
const PENDING_RECORDS = 128 * 1024;

/**
 * How many bytes of a source may wait in its sink. A chunk of one's own may, and so may a record; pausing the source for each that does
 * would cost two system calls. Any other lent chunk must be gone before the source reads again.
 */
export function patienceFor(source: Leg): number {
  if (!source.lend) return PENDING;
  return source.records ? PENDING_RECORDS : 0;
}
