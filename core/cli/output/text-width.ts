import stringWidth from "string-width";

// oxlint-disable-next-line no-control-regex -- what is no control character
const plain = /^[\u0020-\u007e]*$/;

/** The columns that a text takes on a terminal: two for a Chinese character or an emoji, none for an accent of its own. Colours take none. */
export function textWidth(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}

/** Fills a text up with spaces. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}
