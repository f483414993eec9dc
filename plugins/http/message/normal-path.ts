/** Most paths: they have only one spelling. */
const normal = /^(?:\/[\w\-.~!$&'()*+,;=:@]+)*\/?$/;
const unreserved = /[\w\-.~]/;

/**
 * The one spelling of a path, in which routes are compared (RFC 3986 section 6.2.2): octets that need no encoding are not encoded, all others
 * are encoded in upper case, and several slashes become one. `%2F` does not count as a slash.
 *
 * @param path as it was received, with one character per octet; or a text with other characters, which are encoded as UTF-8
 */
export function normalPath(path: string): string {
  if (normal.test(path)) return path;
  return path.replace(/%([\da-fA-F]{2})|[^\w\-.~!$&'()*+,;=:@/]/gu, respelt).replace(/\/{2,}/g, "/");
}

function respelt(found: string, digits: string | undefined): string {
  if (digits === undefined) return encoded(found);
  const character = String.fromCharCode(Number.parseInt(digits, 16));
  return unreserved.test(character) ? character : found.toUpperCase();
}

function encoded(character: string): string {
  // Up to U+00FF the character is a received octet.
  return percentEncoded(Buffer.from(character, (character.codePointAt(0) ?? 0) > 0xff ? "utf8" : "latin1"));
}

/** A path or target that was written as a text, in the form that can be sent: characters that are not ASCII are encoded as UTF-8. */
export function asciiTarget(text: string): string {
  return text.replace(/[^\0-\u007f]+/g, (found) => percentEncoded(Buffer.from(found)));
}

function percentEncoded(octets: Buffer): string {
  return octets.toString("hex").toUpperCase().replace(/../g, "%$&");
}
