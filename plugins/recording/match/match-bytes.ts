import { REDACTED } from "../format/recording.ts";

/**
 * Compares data with recorded bytes; a redacted part matches anything.
 *
 * @returns the number of bytes that match, `more` when they may match with more data, or `no`
 */
export function matchBytes(recorded: Buffer, given: Buffer, whole: boolean): number | "more" | "no" {
  const [first = recorded, ...rest] = partsOf(recorded);
  const common = Math.min(first.length, given.length);
  if (!first.subarray(0, common).equals(given.subarray(0, common))) return "no";
  const end = given.length < first.length ? -1 : endOf(rest, given, first.length, whole);
  if (end === -1) return whole ? "no" : "more";
  return whole && end !== given.length ? "no" : end;
}

/** The end of the last of the parts, between which there may be any bytes; -1 when they are not found. */
function endOf(parts: readonly Buffer[], given: Buffer, from: number, whole: boolean): number {
  let at = from;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    // Nothing marks the end of a secret at the end, so it takes all bytes so far.
    const found = isLast && (whole || part.length === 0) ? given.length - part.length : given.indexOf(part, at);
    if (found < at || !given.subarray(found, found + part.length).equals(part)) return -1;
    at = found + part.length;
  }
  return at;
}

function partsOf(recorded: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = recorded.indexOf(REDACTED); at !== -1; at = recorded.indexOf(REDACTED, from)) {
    parts.push(recorded.subarray(from, at));
    from = at + REDACTED.length;
  }
  return [...parts, recorded.subarray(from)];
}
