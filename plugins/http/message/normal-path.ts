/** What most paths are: nothing in them could be written otherwise. */
const normal = /^(?:\/[\w\-.~!$&'()*+,;=:@]+)*\/?$/;
const unreserved = /[\w\-.~]/;

/**
 * A path in the one spelling in which routes are compared (RFC 3986 section 6.2.2): octets that need no encoding are not encoded, all others
 * are, in upper case, and several slashes are one. `%2F` is no slash.
 *
 * @param path as it came, where a character is an octet; or a text, which stands for its UTF-8
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
  // Up to U+00FF it is an octet that came.
  return percentEncoded(Buffer.from(character, (character.codePointAt(0) ?? 0) > 0xff ? "utf8" : "latin1"));
}

/** A path or a target that somebody wrote as a text, as it can be sent: what is not ASCII becomes UTF-8, encoded. */
export function asciiTarget(text: string): string {
  return text.replace(/[^\0-\u007f]+/g, (found) => percentEncoded(Buffer.from(found)));
}

function percentEncoded(octets: Buffer): string {
  return octets.toString("hex").toUpperCase().replace(/../g, "%$&");
}
