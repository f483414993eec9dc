const SPACE = 32;
const TAB = 9;

/** The name in a line of a header, as it was sent. Spaces before the colon are removed (RFC 9112 section 5.1), or stay and make the name malformed. */
export function nameOf(line: string, colon: number, isLenient: boolean): string {
  let end = colon;
  if (isLenient) while (end > 0 && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(0, Math.max(0, end));
}

/** The value in a line of a header, without the spaces and tabs around it; no other characters are removed (RFC 9110 section 5.6.3). */
export function valueOf(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
