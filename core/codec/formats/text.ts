import { isUtf8 } from "node:buffer";

/** The encodings in which bytes become text, and the same bytes again. */
export type TextEncoding = "utf8" | "latin1" | "utf16le";

/**
 * Turns bytes into text without loss. Bytes that are not UTF-8 become lone surrogates, U+DC80 to U+DCFF, and {@link bytesOf} makes the same bytes
 * of these again, like "surrogateescape" in Python (PEP 383). Node's own decoder would replace them by U+FFFD, and the bytes would be lost.
 */
export function textOf(bytes: Buffer, encoding: TextEncoding, start: number, end: number): string {
  const text = bytes.toString(encoding, start, end);
  // Pure ASCII has one byte per character inside V8, and is not even searched.
  if (encoding !== "utf8" || !text.includes("\ufffd")) return text;
  const part = bytes.subarray(start, end);
  return isUtf8(part) ? text : escaped(part);
}

/** The bytes of a text from {@link textOf}, followed by those of `ending`. */
export function bytesOf(text: string, encoding: TextEncoding, ending = ""): Buffer {
  if (encoding !== "utf8" || (text as WellFormed).isWellFormed()) return Buffer.from(text + ending, encoding);
  // With the flag `u`, half of a surrogate pair does not match.
  const parts = text.split(/([\udc80-\udcff]+)/u);
  return Buffer.concat([...parts.map((part, at) => (at % 2 === 0 ? Buffer.from(part) : unescaped(part))), Buffer.from(ending)]);
}

/** ES2024, which Node 20 has. */
type WellFormed = string & { isWellFormed(): boolean };

function escaped(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at);
    text += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString("utf8", at, at + length);
    at += length === 0 ? 1 : length;
  }
  return text;
}

const unescaped = (text: string): Buffer => Buffer.from(Array.from(text, (character) => character.charCodeAt(0) - 0xdc00));

/** Number of bytes of the character that begins here; 0: none begins here. */
function lengthAt(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
