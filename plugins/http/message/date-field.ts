import { isNamed } from "./body-length.ts";

/** Whether a header has a Date field. */
export function hasDate(fields: readonly string[]): boolean {
  for (let at = 0; at + 1 < fields.length; at += 2) if (isNamed(fields[at], "date")) return true;
  return false;
}

let dated = "";
let datedAt = 0;

/** The Date field (RFC 9110 section 6.6.1), made once per second. */
export function dateLine(): string {
  const now = Date.now();
  if (now - datedAt >= 1000 || now < datedAt) {
    datedAt = now - (now % 1000);
    dated = `date: ${new Date(datedAt).toUTCString()}\r\n`;
  }
  return dated;
}
