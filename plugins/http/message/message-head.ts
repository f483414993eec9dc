import { knownFields } from "./known-fields.ts";

/** A method, or the name of a field (RFC 9110 section 5.6.2). */
export const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A valid Content-Length: a number that is exact in JavaScript. */
export const decimal = /^\d{1,15}$/;
/** Characters that no value may have: a line break would begin another field. */
// oxlint-disable-next-line no-control-regex -- the expression looks for control characters
const forbidden = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** The lines of fields. @param fields names and values, one after the other. @throws TypeError when a field may not be sent */
export function fieldLines(fields: readonly string[]): string {
  let lines = "";
  for (let at = 0; at + 1 < fields.length; at += 2) lines += fieldLine(fields[at] ?? "", fields[at + 1] ?? "");
  return lines;
}

/** For each field its name in lower case and its spelling, one after the other. @param fields names and values, one after the other */
export function spellings(fields: readonly string[]): string[] {
  return fields.flatMap((name, at) => (at % 2 === 0 ? [name.toLowerCase(), name] : []));
}

function fieldLine(name: string, value: string): string {
  checkField(name, value);
  return `${name}: ${value}\r\n`;
}

/** Whether a text may be the name of a field. */
export function isFieldName(name: string): boolean {
  return knownFields.has(name) || token.test(name);
}

/** @throws TypeError when a field may not be sent */
export function checkField(name: string, value: string): void {
  if (!isFieldName(name)) throw new TypeError(`${JSON.stringify(name)} is not the name of a header field`);
  if (typeof value !== "string" || forbidden.test(value))
    throw new TypeError(`the value of ${name} has a character that no header may have`);
}
