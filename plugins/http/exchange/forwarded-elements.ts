import { isIPv6 } from "node:net";

/** What one proxy says in Forwarded (RFC 7239 section 4): for whom, and which host and scheme the request had. */
export interface ForwardedElement {
  node?: string;
  host?: string;
  proto?: string;
}

const keys = new Map([
  ["for", "node"],
  ["host", "host"],
  ["proto", "proto"],
] as const);

/** An address as the node of an element (RFC 7239 section 6). */
export function nodeOf(address: string): string {
  return isIPv6(address) ? `"[${address}]"` : address;
}

/** Reads the elements of Forwarded, the farthest proxy's first. */
export function forwardedElements(text: string): ForwardedElement[] {
  return parts(text, /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g).map(elementOf);
}

function elementOf(text: string): ForwardedElement {
  const element: ForwardedElement = {};
  for (const pair of parts(text, /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g)) {
    const at = pair.indexOf("=");
    const key = keys.get(pair.slice(0, Math.max(at, 0)).trim().toLowerCase() as "for");
    if (key !== undefined) element[key] = unquoted(pair.slice(at + 1).trim());
  }
  return element;
}

/** The parts of a text between separators that are not in quotes. */
function parts(text: string, part: RegExp): readonly string[] {
  return text.match(part) ?? [];
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.replaceAll(/^"|"$|\\(?=.)/g, "") : value;
}
