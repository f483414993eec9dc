const SPACE = 32;
const TAB = 9;

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
