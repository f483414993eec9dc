import { REDACTED } from "./recording.ts";

/**
 * Compares what came with what was recorded; what was redacted matches anything.
 *
 * @returns how many bytes it takes, `more` where it may still match, or `no`
 */
export function matchBytes(recorded: Buffer, given: Buffer, whole: boolean): number | "more" | "no" {
  const [first = recorded, ...rest] = partsOf(recorded);
  const common = Math.min(first.length, given.length);
  if (!first.subarray(0, common).equals(given.subarray(0, common))) return "no";
  const end = given.length < first.length ? -1 : endOf(rest, given, first.length, whole);
  if (end === -1) return whole ? "no" : "more";
  return whole && end !== given.length ? "no" : end;
}

/** Where the last of the parts ends, between which anything may be; -1: they are not there. */
function endOf(parts: readonly Buffer[], given: Buffer, from: number, whole: boolean): number {
  let at = from;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    // Nothing says where a secret at the end ends: all that has come is of it.
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
